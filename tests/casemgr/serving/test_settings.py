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


def test_an_invalid_setting_is_reported_in_one_sentence() -> None:
    read = read_configuration("", CASEMGR_POOL_SIZE="x")
    assert (read.returncode, read.stderr) == (
        1,
        "casemgr: CASEMGR_POOL_SIZE: 'x' is not a whole number from 1 to 9999.\n",
    )


def test_the_default_number_of_workers_is_the_number_of_cores() -> None:
    assert read_configuration("print(names['workers'])", WEB_CONCURRENCY="7").stdout == "7\n"
    assert read_configuration("print(names['workers'])", WEB_CONCURRENCY="").stdout == f"{os.cpu_count()}\n"
