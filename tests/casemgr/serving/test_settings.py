"""What gunicorn reads before there are workers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def read_configuration(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Read it in a process of its own, and run code with its names in `names`."""
    program = f"import runpy, sys; names = runpy.run_path('gunicorn.conf.py'); {code}"
    command = [sys.executable, "-c", program]
    return subprocess.run(  # noqa: S603 - the arguments are ours
        command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("module", ["app", "casemgr.web.cases", "schemas.parts"])
def test_reading_it_again_loads_the_code_again(module: str) -> None:
    read = read_configuration(
        f"first = sys.modules['{module}']; runpy.run_path('gunicorn.conf.py'); print(sys.modules['{module}'] is first)"
    )
    assert (read.stdout, read.stderr) == ("False\n", "")


def test_a_setting_that_cannot_be_used_is_told_in_one_sentence() -> None:
    read = read_configuration("", CASEMGR_POOL_SIZE="x")
    assert (read.returncode, read.stderr) == (
        1,
        "casemgr: CASEMGR_POOL_SIZE: 'x' is not a whole number from 1 to 9999.\n",
    )


def test_there_are_as_many_workers_as_cores_unless_it_is_said() -> None:
    assert read_configuration("print(names['workers'])", WEB_CONCURRENCY="7").stdout == "7\n"
    assert read_configuration("print(names['workers'])", WEB_CONCURRENCY="").stdout == f"{os.cpu_count()}\n"
