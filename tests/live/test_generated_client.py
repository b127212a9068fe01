"""A typed client generated from the description of the API works."""

import compileall
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.factories import NAME, PASSWORD
from tests.live.server import ROOT, SECONDS, Server

pytestmark = [pytest.mark.live_server, pytest.mark.sqlite]

UNREADABLE = {"application/xml", "application/yaml"}
"""Media types that the generator does not support."""

USE = """
import sys
from casemgr_client import AuthenticatedClient, Client
from casemgr_client.api.cases import get_cases
from casemgr_client.api.sessions import log_in_user
from casemgr_client.models import AttributeName, Error, ErrorCode, Login, StaffCases

url, name, password = sys.argv[1:]
login = log_in_user.sync_detailed(client=Client(url), body=Login(name, password))
session = login.headers["X-egain-session"]
client = AuthenticatedClient(url, session, prefix="", auth_header_name="X-egain-session")

attributes: list[AttributeName | str] = [AttributeName.CREATED, AttributeName.NOTES]
found = get_cases.sync("1,2", client=client, accept_language="de-DE", attribute=attributes)
assert isinstance(found, StaffCases), found
for case in found.case:
    assert case.created and case.notes
    print(case.id, case.subject, case.status.value, case.status.display_value, case.created.year, sep="|")

missing = get_cases.sync("1,4711", client=client)
assert isinstance(missing, Error) and missing.details, missing
print(missing.code is ErrorCode.CASES_NOT_FOUND, [(detail.key, detail.value) for detail in missing.details])
"""


def run(*arguments: str, folder: Path) -> str:
    """Run Python in a new process.

    :returns: standard output.
    """
    process = subprocess.run(  # noqa: S603 - the arguments are ours
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def without_unreadable(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name not in UNREADABLE}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a folder with a client that is generated from the output of `casemgr openapi`."""
    folder = tmp_path_factory.mktemp("client")
    printed = run("-c", "from casemgr.cli import main; main()", "openapi", folder=ROOT)
    description, settings = folder / "openapi.json", folder / "settings.json"
    description.write_text(json.dumps(json.loads(printed, object_hook=without_unreadable)))
    settings.write_text('{"post_hooks": []}')
    # The generator warns when it omits an operation, a response or a schema.
    options = ["--meta", "none", "--output-path", "casemgr_client", "--config", settings.name, "--fail-on-warning"]
    run("-m", "openapi_python_client", "generate", "--path", description.name, *options, folder=folder)
    (folder / "use.py").write_text(USE)
    return folder


def test_the_generated_client_compiles_and_passes_mypy(folder: Path) -> None:
    assert compileall.compile_dir(folder, quiet=1)
    options = ["--strict", "--config-file=", "--cache-dir=.mypy_cache"]
    run("-m", "mypy", *options, "casemgr_client", "use.py", folder=folder)


def test_the_generated_client_logs_in_and_gets_cases_and_errors(folder: Path, server: Server) -> None:
    printed = run("use.py", server.url(""), NAME, PASSWORD, folder=folder)
    assert printed.splitlines() == [
        "1|Subject of 1|open|Offen|2026",
        "2|Subject of 2|open|Offen|2026",
        "True [('id', '4711')]",
    ]
