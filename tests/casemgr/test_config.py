import re
from dataclasses import fields
from datetime import timedelta
from fnmatch import fnmatch
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import make_url

from casemgr.config import DATABASE_URL, SETTINGS, Config, ConfigError, Pool
from casemgr.config.parsers import DEFAULT_DATABASE_URL, Address

OTHER_DATABASE = (
    "must name an SQLite or PostgreSQL database, such as sqlite:///casemgr.db or postgresql://casemgr@localhost/casemgr"
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("environment", "database_url"),
    [
        pytest.param({}, "sqlite:///casemgr.db", id="absent"),
        pytest.param({"CASEMGR_DATABASE_URL": "sqlite:////srv/cases.db"}, "sqlite:////srv/cases.db", id="given"),
        pytest.param({"CASEMGR_DATABASE_URL": "sqlite+pysqlite:///c.db"}, "sqlite:///c.db", id="with driver"),
        pytest.param({"CASEMGR_DATABASE_URL": "postgresql://h/d"}, "postgresql+psycopg://h/d", id="PostgreSQL"),
        pytest.param(
            {"CASEMGR_DATABASE_URL": "postgresql+psycopg:///d?host=/run/postgresql"},
            "postgresql+psycopg:///d?host=/run/postgresql",
            id="PostgreSQL on a socket",
        ),
    ],
)
def test_the_environment_names_the_database(environment: dict[str, str], database_url: str) -> None:
    assert Config.from_environment(environment).database_url == make_url(database_url)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("casemgr.db", "is not an SQLAlchemy URL such as sqlite:///casemgr.db", id="a path"),
        pytest.param("sqlite", "is not an SQLAlchemy URL such as sqlite:///casemgr.db", id="a word"),
        pytest.param(
            "postgresql:///d?host=a&host=b&port=1",
            "must name several hosts as in ?host=db-1:5432&host=db-2:5432",
            id="hosts without ports",
        ),
        *(
            pytest.param(
                url, "names no file, such as sqlite:///casemgr.db: each process would have its own database", id=url
            )
            for url in ("sqlite://", "sqlite:///", "sqlite:///:memory:")
        ),
        pytest.param("sqlite://h:port/d", "is not an SQLAlchemy URL such as sqlite:///casemgr.db", id="a bad port"),
        pytest.param("mysql://h/d", OTHER_DATABASE, id="another database"),
        pytest.param("sqlite+nosuch:///d", OTHER_DATABASE, id="an unknown driver"),
        pytest.param("sqlite+pysqlcipher:///d", OTHER_DATABASE, id="another driver"),
        pytest.param("nosuch://h/d", OTHER_DATABASE, id="an unknown database"),
    ],
)
def test_a_bad_database_url_is_refused_with_the_name_of_its_variable(value: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({"CASEMGR_DATABASE_URL": value})
    assert str(caught.value) == f"CASEMGR_DATABASE_URL {message}."


def test_an_empty_database_url_is_refused() -> None:
    message = "CASEMGR_DATABASE_URL is empty: name a database, such as sqlite:///casemgr.db, or unset it."
    with pytest.raises(ConfigError, match=re.escape(message)):
        Config.from_environment({"CASEMGR_DATABASE_URL": ""})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CASEMGR_POOLSIZE", "CASEMGR_POOL_SIZE"),
        ("CASEMGR_DATABASE_URI", "CASEMGR_DATABASE_URL"),
        ("CASEMGR_pool_size", "CASEMGR_POOL_SIZE"),
        ("CASEMGR_REPLICA_URL", "CASEMGR_REPLICA_URLS"),
    ],
)
@pytest.mark.parametrize("value", ["5", ""])
def test_a_misspelt_setting_is_refused_with_the_likeliest_name(name: str, meant: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({name: value})
    assert str(caught.value) == f"{name}: there is no such setting; did you mean {meant}?"


@pytest.mark.parametrize("name", ["CASEMGR_IMAGE", "CASEMGR_"])
def test_variables_that_resemble_no_setting_are_ignored(name: str) -> None:
    assert Config.from_environment({name: "tcp://10.0.0.1:8000"}) == Config.from_environment({})


@pytest.mark.parametrize("service", ["CASEMGR", "CASEMGR_METRICS", "CASEMGR_DATABASE", "CASEMGR_REPLICA"])
@pytest.mark.parametrize(
    "end", ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_METRICS", "PORT", "PORT_9108_TCP", "PORT_9108_TCP_ADDR"]
)
def test_variables_of_kubernetes_are_ignored(service: str, end: str) -> None:
    assert Config.from_environment({f"{service}_{end}": "tcp://10.0.0.1:9108"}) == Config.from_environment({})


def test_other_variables_are_nobodys_setting() -> None:
    Config.from_environment({"_CASEMGR_COMPLETE": "bash_source", "CASEMGR": "x", "MY_CASEMGR_POOLSIZE": "1"})


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("mysql://user:secret@host/database", id="another database"),
        pytest.param("user:secret@host", id="not a URL"),
    ],
)
def test_the_message_about_a_bad_database_url_does_not_repeat_the_password(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({"CASEMGR_DATABASE_URL": value})
    assert "secret" not in str(caught.value)


def test_absent_and_empty_settings_have_their_defaults() -> None:
    empty = {setting.name: "" for setting in SETTINGS if setting.name != DATABASE_URL}
    default = Config(
        make_url("sqlite:///casemgr.db"),
        Pool(5, timedelta(seconds=5), timedelta(seconds=10)),
        (),
        timedelta(seconds=10),
        timedelta(minutes=30),
        timedelta(hours=12),
        timedelta(hours=1),
    )
    assert Config.from_environment({}) == Config.from_environment(empty) == default


def test_a_config_made_in_code_has_the_same_defaults() -> None:
    assert Config.from_environment({}) == Config(make_url(DEFAULT_DATABASE_URL))


def test_every_field_has_one_setting() -> None:
    pool = [f"pool.{field.name}" for field in fields(Pool)]
    others = [field.name for field in fields(Config) if field.name != "pool"]
    assert sorted(setting.field for setting in SETTINGS) == sorted(pool + others)
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_settings_come_from_the_environment() -> None:
    config = Config.from_environment(
        {
            "CASEMGR_SESSION_IDLE_TIME": "90s",
            "CASEMGR_SESSION_LIFETIME": "1d",
            "CASEMGR_TOKEN_LIFETIME": "5m",
            "CASEMGR_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,2001:db8::/32",
            "CASEMGR_BASE_URL": "https://cases.example.com:8443",
            "CASEMGR_CORS_ORIGINS": "https://Console.example.com http://[FD00::1]:3000",
            "CASEMGR_REPLICA_URLS": "postgresql://one/d postgresql+psycopg://two/d",
            "CASEMGR_REPLICA_MAX_LAG": "3s",
            "CASEMGR_POOL_SIZE": "20",
            "CASEMGR_CONNECT_TIMEOUT": "2s",
            "CASEMGR_STATEMENT_TIMEOUT": "1m",
            "CASEMGR_BEHIND_POOLER": "yes",
            "CASEMGR_DOCS_PAGE": "no",
            "CASEMGR_DEMO_ACCOUNTS": "yes",
            "CASEMGR_SLOW_REQUEST": "3s",
            "CASEMGR_METRICS_ADDRESS": "[::1]:9108",
        }
    )
    assert config.replica_urls == tuple(map(make_url, ("postgresql+psycopg://one/d", "postgresql+psycopg://two/d")))
    assert config.replica_max_lag == timedelta(seconds=3)
    assert config.slow_request == timedelta(seconds=3)
    assert config.cors_origins == ("https://console.example.com", "http://[fd00::1]:3000")
    assert config.pool == Pool(20, timedelta(seconds=2), timedelta(minutes=1), behind_pooler=True)
    assert config.session_idle_time == timedelta(seconds=90)
    assert config.session_lifetime == timedelta(days=1)
    assert config.token_lifetime == timedelta(minutes=5)
    assert config.trusted_proxies == tuple(map(ip_network, ("127.0.0.1", "10.0.0.0/8", "2001:db8::/32")))
    assert config.base_url == "https://cases.example.com:8443"
    assert config.docs_page is False
    assert config.demo_accounts is True
    assert config.metrics_address == Address("::1", 9108)
    assert str(config.metrics_address) == "[::1]:9108"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CASEMGR_SESSION_IDLE_TIME", "30", ": '30' is not a number followed by s, m, h or d, such as 8h."),
        ("CASEMGR_SESSION_LIFETIME", "0h", ": '0h' is not a number followed by s, m, h or d, such as 8h."),
        ("CASEMGR_TOKEN_LIFETIME", "1h30m", ": '1h30m' is not a number followed by s, m, h or d, such as 8h."),
        ("CASEMGR_POOL_SIZE", "0", ": '0' is not a whole number from 1 to 9999."),
        ("CASEMGR_CORS_ORIGINS", "*", ": '*' is no origin such as https://console.example.com."),
        *(
            ("CASEMGR_REPLICA_URLS", value, " must name PostgreSQL databases, separated by blanks.")
            for value in ("sqlite:///casemgr.db", "postgresql://one/d, postgresql://user:secret@two:port/d", "x")
        ),
        ("CASEMGR_TRUSTED_PROXIES", "proxy", ": 'proxy' does not appear to be an IPv4 or IPv6 network."),
        ("CASEMGR_TRUSTED_PROXIES", "10.0.0.1/8", ": 10.0.0.1/8 has host bits set."),
        *(
            ("CASEMGR_BASE_URL", value, " must be a scheme and a host, such as https://cases.example.com.")
            for value in ("cases.example.com", "ftp://h", "https://", "https://h/", "https://h/p", "https://u@h", "x")
        ),
        *(
            ("CASEMGR_DOCS_PAGE", value, f": {value!r} is neither yes nor no.")
            for value in ("true", "0", "Yes", "no ", "off", "yes no")
        ),
        *(
            ("CASEMGR_METRICS_ADDRESS", value, " must be a host and a port, such as 127.0.0.1:9108.")
            for value in ("9108", "127.0.0.1", ":9108", "h:0", "h:70000", "h:x", "::1:9108", "h:1/metrics", "[:1")
        ),
    ],
)
def test_a_bad_setting_is_refused_with_its_name(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({name: value})
    assert str(caught.value) == f"{name}{message}"


@pytest.mark.parametrize("name", ["casemgr.db", "casemgr.db-wal", "casemgr.db-shm"])
def test_git_ignores_the_default_database(name: str) -> None:
    patterns = (ROOT / ".gitignore").read_text().splitlines()
    assert any(fnmatch(name, pattern) for pattern in patterns)
