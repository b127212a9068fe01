"""docs/configuration.md: its tables hold every setting, with its default and its sentence."""

import re
from pathlib import Path

import pytest

from casemgr.config import SETTINGS, Config
from casemgr.serving.environment import PORT, WORKERS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TEXT = (DOCS / "configuration.md").read_text(encoding="utf-8")
TEXTS = sorted(path for path in DOCS.iterdir() if path.suffix in {".md", ".cfg", ".service"})
_HEADER = "| environment variable | default | what it sets |"
_NAME = re.compile(r"CASEMGR_[A-Z_]*[A-Z]")


def tables() -> list[list[str]]:
    """Find the rows of every table that has the header of a table of settings."""
    lines = iter(TEXT.splitlines())
    found = []
    for line in lines:
        if line == _HEADER:
            next(lines)
            rows: list[str] = []
            while (row := next(lines, "")).startswith("|"):
                rows.append(row)
            found.append(rows)
    return found


def test_the_table_repeats_the_declarations() -> None:
    expected = [
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else 'none'} | {setting.description} |"
        for setting in SETTINGS
    ]
    assert tables()[0] == expected, "\n".join(["The table in docs/configuration.md has to be:", _HEADER, *expected])


def test_the_second_table_names_what_gunicorn_and_its_settings_read() -> None:
    assert [row.split("`")[1] for row in tables()[1]] == [PORT, WORKERS, "GUNICORN_CMD_ARGS"]


@pytest.mark.parametrize(("name", "value"), re.findall(r"^ {4}(CASEMGR_\w+)=(.+)$", TEXT, re.MULTILINE))
def test_an_example_is_a_valid_setting(name: str, value: str) -> None:
    Config.from_environment({name: value.strip("'")})


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_documents_name_only_settings_that_exist(path: Path) -> None:
    named = set(_NAME.findall(path.read_text(encoding="utf-8")))
    assert named <= {setting.name for setting in SETTINGS}
