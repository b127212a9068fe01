"""Metrics of one process, in a folder that it would share with others."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, sys
from sqlalchemy import create_engine
from casemgr.config import Pool
from casemgr.observability.metrics import Metrics

metrics = Metrics(create_engine("sqlite://"), [], Pool())
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
try:
    for number in range(2000):
        metrics._statements.labels(f"a route with a long name {number}").inc()
except OSError as error:
    print(error.strerror)
"""


def run(folder: Path, limit: int) -> str:
    """Count under 2000 labels, while no file may be longer than a limit; it stands for a full disk.

    :returns: the error.
    """
    command = [sys.executable, "-c", PROGRAM, str(limit)]
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S603


def test_the_files_of_the_values_have_no_holes(tmp_path: Path) -> None:
    assert run(tmp_path, 2**30) == ""
    files = [file.stat() for file in tmp_path.iterdir()]
    assert max(file.st_size for file in files) > 2**17
    assert [file for file in files if file.st_blocks * 512 < file.st_size] == []


@pytest.mark.parametrize("limit", [2**16, 2**17])
def test_a_process_without_space_for_a_value_gets_an_exception(tmp_path: Path, limit: int) -> None:
    assert run(tmp_path, limit) == "File too large\n"
