"""Imports point down the list of modules, never up."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

LAYERS = [
    "app",
    "casemgr.cli",
    "casemgr.error_check",
    "casemgr.error_check.accounts",
    "casemgr.error_check.probes",
    "casemgr.error_check.client",
    "casemgr.routes",
    "casemgr.authmgr_routes",
    "casemgr.health_routes",
    "casemgr.description_routes",
    "casemgr.documentation_routes",
    "casemgr.openapi",
    "casemgr.openapi.operations",
    "casemgr.openapi.components",
    "casemgr.openapi.examples",
    "casemgr.methods",
    "casemgr.compression",
    "casemgr.metrics",
    "casemgr.request_log",
    "casemgr.cross_origin",
    "casemgr.error_responses",
    "casemgr.error_listing",
    "casemgr.error_bodies",
    "casemgr.exchanges",
    "casemgr.header_fields",
    "casemgr.request_ids",
    "casemgr.service",
    "casemgr.oauth2",
    "casemgr.request_bodies",
    "casemgr.responses",
    "casemgr.representations",
    "casemgr.representations.as_json",
    "casemgr.representations.as_xml",
    "casemgr.representations.encoders",
    "casemgr.representations.source_code",
    "casemgr.login",
    "casemgr.throttling",
    "casemgr.importer",
    "casemgr.batches",
    "casemgr.dataset",
    "casemgr.record_types",
    "casemgr.custom_attributes",
    "casemgr.replicas",
    "casemgr.repository",
    "casemgr.sorting",
    "schemas",
    "schemas.user",
    "schemas.customer",
    "schemas.client_application",
    "schemas.parts",
    "schemas.accounts",
    "schemas.dataset",
    "schemas.login",
    "schemas.plan",
    "schemas.fields",
    "casemgr.authentication",
    "casemgr.sessions",
    "casemgr.accounts",
    "casemgr.access",
    "casemgr.parameters",
    "casemgr.attributes",
    "casemgr.negotiation",
    "casemgr.custom_values",
    "casemgr.statements",
    "casemgr.display_values",
    "casemgr.cases",
    "casemgr.i18n",
    "casemgr.errors",
    "casemgr.migrations",
    "casemgr.migrations.env",
    "casemgr.migrations.versions",
    "casemgr.migrations.versions.0001_create_the_schema",
    "casemgr.migrations.versions.0002_log_in",
    "casemgr.migrations.versions.0003_count_imports",
    "casemgr.database",
    "casemgr.observations",
    "casemgr.locales",
    "casemgr.media_types",
    "casemgr.actors",
    "casemgr.models",
    "casemgr.hashes",
    "casemgr.addresses",
    "casemgr.metrics_exporter",
    "casemgr.config",
    "casemgr.gunicorn_worker",
    "casemgr.durations",
    "casemgr.ids",
    "casemgr.surrogates",
    "casemgr.instants",
    "casemgr.paths",
    "casemgr.messages",
    "casemgr",
]


def source(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(module: str) -> set[str]:
    """Find the modules of the project that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(source(module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in LAYERS else node.module for name in names}
    return found & set(LAYERS)


def test_every_module_has_its_place() -> None:
    files = {ROOT / "app.py", *(ROOT / "casemgr").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")}
    assert {source(module) for module in LAYERS} == files


@pytest.mark.parametrize("module", LAYERS)
def test_a_module_imports_only_what_is_below_it(module: str) -> None:
    below = LAYERS[LAYERS.index(module) + 1 :]
    assert imports(module) <= set(below)
