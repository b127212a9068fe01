"""Imports point down the list of packages, and no module is too long to read."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PACKAGES = [
    "app",
    "casemgr.cli",
    "casemgr.error_check",
    "casemgr.serving",
    "casemgr.web",
    "casemgr.openapi",
    "casemgr.imports",
    "casemgr.accounts",
    "casemgr.cases",
    "casemgr.representations",
    "schemas",
    "casemgr.database",
    "casemgr.observability",
    "casemgr.config",
    "casemgr.errors",
    "casemgr.http",
    "casemgr.i18n",
    "casemgr.domain",
    "casemgr",
]
"""The packages and single modules of the project, from top to bottom. Source: docs/architecture.md."""

MAX_LINES = 300

DECLARATIONS = {
    "casemgr/database/migrations/versions/0001_create_the_schema.py",
    "casemgr/database/models.py",
    "casemgr/errors/catalogue.py",
}
"""Modules that only declare, and may be longer."""

FILES = sorted(path for top in ("app.py", "casemgr", "schemas") for path in (ROOT / top, *(ROOT / top).rglob("*.py")))
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in FILES
    if path.suffix == ".py"
}


def package_of(module: str) -> str:
    return next(package for package in PACKAGES if f"{module}.".startswith(f"{package}."))


def imports_of(module: str) -> set[str]:
    """Find the modules of the project that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in MODULES else node.module for name in names}
    return found & MODULES.keys() - {module}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_packages_below_it(package: str) -> None:
    imported = {
        package_of(other) for module in MODULES if package_of(module) == package for other in imports_of(module)
    }
    assert imported <= set(PACKAGES[PACKAGES.index(package) :])


def test_no_modules_import_each_other_in_a_circle() -> None:
    order = TopologicalSorter({module: imports_of(module) for module in MODULES}).static_order()
    assert set(order) == MODULES.keys()


def test_only_declarations_are_longer_than_300_lines() -> None:
    long = {str(path.relative_to(ROOT)) for path in MODULES.values() if len(path.read_text().splitlines()) > MAX_LINES}
    assert long <= DECLARATIONS
