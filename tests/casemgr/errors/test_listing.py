"""`casemgr errors`, which prints the error catalogue."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import pytest
from click.testing import CliRunner

from casemgr.cli import main
from casemgr.error_check.curl import VARIABLES
from casemgr.error_check.fixtures import Fixtures
from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.definitions import ErrorDef
from casemgr.i18n.locales import LANGUAGE_TAGS, LOCALES


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


def test_records_are_unique_and_have_the_entry(listed: list[dict[str, Any]]) -> None:
    keys = [(one["name"], one["locale"], one["audience"], one["number"]) for one in listed]
    assert len(set(keys)) == len(keys)
    for definition in CATALOGUE:
        entry = {"status": definition.status, "detail_keys": list(definition.detail_keys), "when": definition.when}
        assert all(entry.items() <= one.items() for one in listed if one["name"] == definition.name)


@pytest.mark.parametrize(
    ("name", "locale", "examples"),
    [
        pytest.param(
            "CASES_NOT_FOUND",
            "en-US",
            [
                "1 requested case does not exist: “4711”.",
                "2 requested cases do not exist: “4711” and “4711”.",
                "What you are looking for could not be found.",
            ],
            id="as many values as the plural form needs",
        ),
        pytest.param(
            "BODY_TOO_DEEP",
            "en-US",
            [
                "The request body may be nested at most 1 level deep.",
                "The request body may be nested at most 16 levels deep.",
                "The request is not valid and could not be processed.",
            ],
            id="the number of the example where it takes the form",
        ),
        pytest.param(
            "PATH_NOT_FOUND",
            "en-US",
            [
                "There is no resource at the path “/core/casemgr/v3/cases”.",
                "What you are looking for could not be found.",
            ],
            id="no plural forms",
        ),
    ],
)
def test_examples_are_rendered_in_the_locale(
    listed: list[dict[str, Any]], name: str, locale: str, examples: list[str]
) -> None:
    assert [one["example"] for one in listed if (one["name"], one["locale"]) == (name, locale)] == examples


@pytest.mark.parametrize(
    ("locale", "numbers"), [("en-US", [1, 16]), ("de-DE", [1, 16]), ("ru-RU", [1, 2, 16]), ("ja-JP", [16])]
)
def test_the_examples_of_a_locale_show_each_plural_form(
    listed: list[dict[str, Any]], locale: str, numbers: list[int]
) -> None:
    chosen = [one for one in listed if (one["name"], one["locale"]) == ("BODY_TOO_DEEP", locale)]
    found = [re.findall("[0-9]+", one["example"]) for one in chosen if one["audience"] == "developer"]
    assert found == [[str(number)] for number in numbers]


def test_no_example_has_placeholders(listed: list[dict[str, Any]]) -> None:
    assert not [one["example"] for one in listed if "%(" in one["example"] or not one["example"]]


@pytest.mark.parametrize(
    ("ranges", "locales"),
    [
        (["de-DE", "fr-CA"], ["de-DE", "fr-CA"]),
        (["de"], ["de-DE"]),
        (["pt_AO"], ["pt-PT"]),
        (["FR-CH", "fr", "*"], ["fr-FR", "en-US"]),
    ],
)
def test_locales_are_chosen_as_by_accept_language(ranges: list[str], locales: list[str]) -> None:
    options = [option for one in ranges for option in ("--locale", one)]
    assert list(dict.fromkeys(one["locale"] for one in json.loads(run("--format", "json", *options)))) == locales


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (["404-100"], ["CASES_NOT_FOUND"]),
        (["400-10424"], ["TOO_MANY_IDS", "IDS_TOO_LONG"]),
        (["LOGIN_FAILED", "cases_not_found", "404-100"], ["LOGIN_FAILED", "CASES_NOT_FOUND"]),
    ],
)
def test_errors_are_chosen_by_code_or_name(codes: list[str], names: list[str]) -> None:
    options = [option for one in codes for option in ("--code", one)]
    assert list(dict.fromkeys(one["name"] for one in json.loads(run("--format", "json", *options)))) == names


@pytest.mark.parametrize(
    ("options", "explanation"),
    [
        pytest.param(["--locale", "pl"], f"'pl' matches none of {', '.join(LANGUAGE_TAGS)}.", id="no such locale"),
        pytest.param(["--code", "404-999"], "'404-999' is neither a code nor a name", id="no such code"),
        pytest.param(["--compare", "de"], "--compare requires exactly one --locale", id="comparison with nothing"),
        pytest.param(["--compare", "de", "--locale", "de-DE"], "--compare requires", id="comparison with itself"),
        pytest.param(["--curl", "--compare", "de"], "exclude each other", id="two commands"),
        pytest.param(["--curl", "--format", "json"], "--curl has no other format", id="curl in JSON"),
        pytest.param(["--format", "junit"], "--format junit requires --check", id="JUnit without a check"),
        pytest.param(["--accounts", "-"], "--accounts requires --check", id="accounts without a check"),
    ],
)
def test_wrong_usage_is_explained(options: list[str], explanation: str) -> None:
    result = CliRunner().invoke(main, ["errors", *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert explanation in result.stderr


def test_csv_has_the_same_records(listed: list[dict[str, Any]]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv"))))
    assert rows == [{name: as_cell(value) for name, value in one.items()} for one in listed]


def as_cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)


def test_a_table_has_a_header_and_a_line_for_each_sentence(listed: list[dict[str, Any]]) -> None:
    header, *lines = run().splitlines()
    assert header.split() == ["CODE", "NAME", "LOCALE", "AUDIENCE", "NUMBER", "MESSAGE"]
    assert len(lines) == len(listed)
    columns = {name: header.index(name.upper()) for name in ("name", "locale", "audience", "message")}
    for one, line in zip(listed, lines, strict=True):
        assert line.startswith(one["code"])
        assert all(line[start:].startswith(one[name]) for name, start in columns.items())


def test_two_locales_are_compared_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    options = ("--locale", "en", "--compare", "de", "--code", "404-100")
    header, blank, title, developer, *rest = run(*options).splitlines()
    assert (header.split(), blank, title) == (["en-US", "de-DE"], "", "404-100 CASES_NOT_FOUND")
    start = header.index("de-DE")
    assert developer[:start].strip() == "1 requested case does not exist: “4711”."
    assert developer[start - 2 : start] == "  "
    assert developer[start] == "1"
    assert all(len(line) <= 100 for line in rest)
    one, other = json.loads(run(*options, "--format", "json"))
    assert (one["name"], one["audience"], other["audience"]) == ("CASES_NOT_FOUND", "developer", "user")
    assert "„4711“" in one["de-DE"]
    assert run(*options, "--format", "csv").startswith("code,name,audience,en-US,de-DE\n404-100,")


@pytest.mark.parametrize("language_tag", LANGUAGE_TAGS[1:])
def test_no_line_of_a_comparison_is_too_wide_and_no_text_is_lost(
    monkeypatch: pytest.MonkeyPatch, language_tag: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    options = ("--locale", "en-US", "--compare", language_tag)
    lines = run(*options).splitlines()
    widths = [sum(2 if east_asian_width(one) in "WF" else 1 for one in line) for line in lines]
    assert max(widths) <= 80
    records = json.loads(run(*options, "--format", "json"))
    expected = "".join(record[tag] for record in records for tag in ("en-US", language_tag))
    headings = "".join(f"{error.code}{error.name}" for error in CATALOGUE) + f"en-US{language_tag}"
    assert sorted("".join("".join(lines).split())) == sorted("".join((expected + headings).split()))


def test_every_fixture_has_a_shell_variable() -> None:
    assert set(VARIABLES) == {"url", *(field.name for field in fields(Fixtures))}


def test_curl_commands_have_a_legend_of_the_variables_that_they_use() -> None:
    lines = run("--curl", "--code", "404-100", "--code", "500-100", "--locale", "de", "--locale", "ja").splitlines()
    legend, commands = lines[: lines.index("")], lines[lines.index("") + 1 :]
    assert [line.split()[1] for line in legend[1:]] == ["url", "user"]
    assert [commands[0], *commands[2:]] == [
        "# 404-100 CASES_NOT_FOUND: Cases that do not exist or, for a customer, are not visible.",
        "# 500-100 UNEXPECTED: Anything unexpected, such as a database that cannot be reached.",
        "# Only a fault of the service causes it.",
    ]
    assert commands[1].startswith('curl -sS -i "$url/core/casemgr/v3/case/')
    assert commands[1].endswith('-H "X-egain-session: $user"')
    assert "-H 'Accept-Language: de-DE'" in commands[1]


@pytest.mark.parametrize("definition", [one for one in CATALOGUE if one.probe], ids=lambda one: one.name)
def test_a_shell_reads_each_curl_command_as_the_probe(definition: ErrorDef) -> None:
    assert definition.probe
    *_, command = run("--curl", "--code", definition.name, "--locale", "de").splitlines()
    # `printf` prints each argument of the command, in place of curl.
    variables = {name: f"<{name}>" for name in VARIABLES}
    script = command.replace("curl ", "printf '%s\\0' ", 1)
    shell = subprocess.run(["bash", "-c", script], env=os.environ | variables, capture_output=True, check=True)  # noqa: S603, S607 - ours
    *options, _ = shell.stdout.decode().split("\0")
    assert f"<url>{definition.probe.path}" in options
    headers = {"Accept": "application/json", "Accept-Language": "de-DE", "X-egain-error-message": "yes"}
    sent = [value for option, value in pairwise(options) if option == "-H"]
    assert sent == [f"{name}: {value}" for name, value in {**headers, **definition.probe.headers}.items()]
    body = [value for option, value in pairwise(options) if option == "--data-raw"]
    assert body == ([] if definition.probe.body is None else [definition.probe.body])
    assert len(command) < 1000


def test_a_closed_pipe_is_not_an_error() -> None:
    command = [str(Path(sys.executable).with_name("casemgr")), "errors"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b"CODE")
        process.stdout.close()
        assert process.stderr.read() == b""
