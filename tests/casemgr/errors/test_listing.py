"""`casemgr errors`, which prints the error catalogue."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casemgr.cli import main
from casemgr.errors.catalogue import CATALOGUE
from casemgr.i18n.locales import LOCALES


def run(*options: str) -> str:
    result = CliRunner().invoke(main, ["errors", *options])
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture(scope="module")
def listed() -> list[dict[str, Any]]:
    sentences = json.loads(run("--format", "json"))
    assert isinstance(sentences, list)
    return sentences


def test_every_error_is_listed_for_both_audiences_in_every_locale(listed: list[dict[str, Any]]) -> None:
    assert {(one["code"], one["locale"], one["audience"]) for one in listed} == {
        (error.code, locale.language_tag, audience)
        for error in CATALOGUE
        for locale in LOCALES
        for audience in ("developer", "user")
    }


@pytest.mark.parametrize(
    ("locale", "counts"),
    [("en-US", [1, 2]), ("de-DE", [1, 2]), ("ru-RU", [1, 2, 5]), ("ja-JP", [1]), ("ko-KR", [1])],
)
def test_plural_forms_are_listed_with_the_smallest_number_that_takes_them(
    listed: list[dict[str, Any]], locale: str, counts: list[int]
) -> None:
    found = [one for one in listed if (one["code"], one["locale"]) == ("404-100", locale) and one["number"]]
    assert [one["number"] for one in found] == counts
    assert len({one["message"] for one in found}) == len(counts)
    assert {one["message_id"] for one in found} == {"%(count)s requested case does not exist: %(id)s."}


def test_locales_can_be_chosen() -> None:
    chosen = json.loads(run("--format", "json", "--locale", "de-DE", "--locale", "fr-CA"))
    assert {one["locale"] for one in chosen} == {"de-DE", "fr-CA"}
    assert CliRunner().invoke(main, ["errors", "--locale", "pl-PL"]).exit_code == 2


def test_csv_has_the_same_records(listed: list[dict[str, Any]]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv"))))
    assert rows == [{name: "" if value is None else str(value) for name, value in one.items()} for one in listed]


def test_a_table_has_a_line_for_each_sentence(listed: list[dict[str, Any]]) -> None:
    lines = run().splitlines()
    assert len(lines) == len(listed)
    assert all(one["code"] in line and one["message"] in line for one, line in zip(listed, lines, strict=True))


def test_a_closed_pipe_is_not_an_error() -> None:
    command = [str(Path(sys.executable).with_name("casemgr")), "errors"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b"400-101")
        process.stdout.close()
        assert process.stderr.read() == b""
