"""The command that exports the dataset; what it exports is tested beside its module."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.casemgr.cli.conftest import Run
from tests.factories import case, store

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("arguments", [pytest.param([], id="no file"), pytest.param(["-"], id="dash")])
def test_an_export_goes_to_standard_output(run: Run, arguments: list[str]) -> None:
    result = run("export", *arguments)
    assert (result.exit_code, result.stderr) == (0, "5 records exported.\n")
    types = [json.loads(line)["type"] for line in result.stdout.splitlines()]
    assert types == ["department", "role", "user", "customer", "clientApplication"]


def test_an_export_goes_to_a_new_file_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    assert run("export", str(file)).output == "5 records exported.\n"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (run("export").stdout_bytes, 0o600)
    assert run("import", "--replace", str(file)).stderr == "5 records imported.\n"
    result = run("export", str(file))
    assert (result.exit_code, result.output) == (1, f"Error: {file}: File exists.\n")


@pytest.mark.sqlite
def test_an_export_that_fails_half_way_leaves_no_file(run: Run, engine: Engine, tmp_path: Path) -> None:
    store(engine, case(1), case(2))
    with engine.begin() as connection:
        connection.execute(text("UPDATE cases SET created = 'unreadable' WHERE id = 2"))
    assert run("export", str(tmp_path / "data.jsonl")).exit_code == 1
    assert [path for path in tmp_path.iterdir() if "data.jsonl" in path.name] == []
