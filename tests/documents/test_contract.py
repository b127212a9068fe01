"""The contract and the reference: their error tables, and the identifiers and modules that the contract names."""

import re
from pathlib import Path

import pytest

from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.definitions import ErrorDef

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "docs" / "contract.md"

TABLE_HEAD = ["| code | name | when | keys of the details |", "| --- | --- | --- | --- |"]
TABLE = re.compile(rf"^{re.escape(TABLE_HEAD[0])}\n(?:\|.*\n?)*", re.MULTILINE)

IDENTIFIER = r"(?:URL|NEG|QRY|ORD|HDR|ACC|REP|LOG|OPS|DAT)-[0-9]+"
SOURCES = [
    ROOT / "app.py",
    *(path for folder in ("casemgr", "schemas", "tests") for path in sorted((ROOT / folder).rglob("*.py"))),
]


def row_of(definition: ErrorDef) -> str:
    keys = ", ".join(f"`{key}`" for key in definition.detail_keys)
    return f"| {definition.code} | `{definition.name}` | {definition.when} | {keys} |".replace("|  |", "| |")


@pytest.mark.parametrize("document", ["docs/api.md", "docs/contract.md"])
def test_the_error_table_has_a_row_for_each_entry_of_the_catalogue(document: str) -> None:
    tables = [table.splitlines() for table in TABLE.findall((ROOT / document).read_text(encoding="utf-8"))]
    expected = [*TABLE_HEAD, *map(row_of, CATALOGUE)]
    assert tables == [expected], "\n".join([f"The error table of {document} must be:", "", *expected])


def test_every_identifier_that_the_code_cites_is_a_rule_of_the_contract() -> None:
    cited = {
        (identifier, str(path.relative_to(ROOT)))
        for path in SOURCES
        for identifier in re.findall(rf"\b{IDENTIFIER}", path.read_text(encoding="utf-8"))
    }
    rules = set(rule_identifiers())
    assert [(identifier, path) for identifier, path in sorted(cited) if identifier not in rules] == []


def test_every_rule_of_the_contract_has_an_identifier_of_its_own() -> None:
    identifiers = rule_identifiers()
    assert sorted(identifiers) == sorted(set(identifiers))


def test_every_module_that_the_contract_names_exists() -> None:
    named = re.findall(r"`([\w/.]+\.(?:py|xsd|md))`", CONTRACT.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def rule_identifiers() -> list[str]:
    """Find the identifiers with which the rules of the contract begin."""
    return re.findall(rf"^- \*\*({IDENTIFIER})\*\*", CONTRACT.read_text(encoding="utf-8"), re.MULTILINE)
