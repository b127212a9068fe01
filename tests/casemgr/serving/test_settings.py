"""The configuration that the master of gunicorn reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def read_configuration(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Read gunicorn.conf.py in a new process, then run code, for which `names` has the names defined there."""
    program = f"import runpy, sys; names = runpy.run_path('gunicorn.conf.py'); {code}"
    command = [sys.executable, "-c", program]
    return subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("module", ["app", "casemgr.web.cases", "schemas.parts"])
def test_a_reload_imports_the_code_again(module: str) -> None:
    read = read_configuration(
        f"first = sys.modules['{module}']; runpy.run_path('gunicorn.conf.py'); print(sys.modules['{module}'] is first)"
    )
    assert (read.stdout, read.stderr) == ("False\n", "")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CASEMGR_POOL_SIZE", "x", "CASEMGR_POOL_SIZE: 'x' is not a whole number from 1 to 9999."),
        ("CASEMGR_POOLSIZE", "5", "CASEMGR_POOLSIZE: there is no such setting; did you mean CASEMGR_POOL_SIZE?"),
        ("PORT", "abc", "PORT: 'abc' is not a whole number from 1 to 65535."),
        ("PORT", "65536", "PORT: '65536' is not a whole number from 1 to 65535."),
        ("WEB_CONCURRENCY", "0", "WEB_CONCURRENCY: '0' is not a whole number from 1 to 9999."),
    ],
)
def test_an_invalid_setting_is_reported_in_one_sentence(name: str, value: str, message: str) -> None:
    read = read_configuration("", **{name: value})
    assert (read.returncode, read.stderr) == (1, f"casemgr: {message}\n")


def test_a_missing_catalogue_is_reported_in_one_sentence_before_workers_start() -> None:
    read = read_configuration(
        "import casemgr.i18n.translation as i18n; i18n.missing_catalogues = lambda: ['fr-CA']; names['on_starting'](0)"
    )
    message = "casemgr: No compiled message catalogue for fr-CA: run 'make catalogues'.\n"
    assert (read.returncode, read.stderr) == (1, message)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({"WEB_CONCURRENCY": "7", "PORT": "8001"}, "7 127.0.0.1:8001", id="given"),
        pytest.param({"WEB_CONCURRENCY": "", "PORT": ""}, f"{os.cpu_count()} 127.0.0.1:8000", id="default"),
    ],
)
def test_the_environment_sets_the_port_and_the_number_of_workers(settings: dict[str, str], expected: str) -> None:
    assert read_configuration("print(names['workers'], names['bind'])", **settings).stdout == f"{expected}\n"
