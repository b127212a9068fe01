from fnmatch import fnmatch
from pathlib import Path

import pytest
from sqlalchemy import make_url

from casemgr.config import Config, ConfigError

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("environment", "database_url"),
    [
        pytest.param({}, "sqlite:///casemgr.db", id="absent"),
        pytest.param({"CASEMGR_DATABASE_URL": ""}, "sqlite:///casemgr.db", id="empty"),
        pytest.param({"CASEMGR_DATABASE_URL": "sqlite:////srv/cases.db"}, "sqlite:////srv/cases.db", id="given"),
        pytest.param({"CASEMGR_DATABASE_URL": "sqlite+pysqlite:///c.db"}, "sqlite+pysqlite:///c.db", id="with driver"),
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
            "sqlite://h:port/d", "is not an SQLAlchemy URL such as sqlite:///casemgr.db", id="a port that is none"
        ),
        pytest.param(
            "postgresql://h/d", "must name an SQLite database, such as sqlite:///casemgr.db", id="another database"
        ),
        pytest.param(
            "sqlite+nosuch:///d",
            "must name an SQLite database, such as sqlite:///casemgr.db",
            id="a driver that is none",
        ),
        pytest.param(
            "sqlite+pysqlcipher:///d", "must name an SQLite database, such as sqlite:///casemgr.db", id="another driver"
        ),
        pytest.param("nosuch://h/d", "must name an SQLite database, such as sqlite:///casemgr.db", id="no database"),
    ],
)
def test_an_unusable_url_is_refused_by_the_name_of_its_variable(value: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({"CASEMGR_DATABASE_URL": value})
    assert str(caught.value) == f"CASEMGR_DATABASE_URL {message}."


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("postgresql://user:secret@host/database", id="another database"),
        pytest.param("user:secret@host", id="not a URL"),
    ],
)
def test_a_complaint_does_not_repeat_the_password(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({"CASEMGR_DATABASE_URL": value})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["casemgr.db", "casemgr.db-wal", "casemgr.db-shm"])
def test_git_ignores_the_default_database(name: str) -> None:
    patterns = (ROOT / ".gitignore").read_text().splitlines()
    assert any(fnmatch(name, pattern) for pattern in patterns)
