"""The package, as `make dist` builds it, in a virtual environment that does not know the checkout."""

import os
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.api.client import CASE
from tests.live.server import ROOT, Server

pytestmark = [pytest.mark.live_server, pytest.mark.slow]

BUILD_SECONDS = 120
"""Timeout of every command; building takes six seconds if nothing else runs."""


def run(command: Sequence[str | Path], folder: Path, **settings: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MAKEFLAGS"}}
    return subprocess.run(  # noqa: S603 - the arguments are ours
        command,
        cwd=folder,
        env=environment | settings,
        stdout=subprocess.PIPE,
        text=True,
        timeout=BUILD_SECONDS,
        check=True,
    ).stdout


def get(server: Server, path: str, session: str) -> str:
    with closing(server.connect()) as connection:
        connection.request("GET", path, headers={"X-egain-session": session, "Accept-Language": "fr-FR"})
        return connection.getresponse().read().decode()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Build the package, and install it beside the dependencies of this environment.

    :returns: the folder of its commands.
    """
    # -o: this environment is complete, and other tests are using it.
    run(
        ["make", "-s", "dist", f"DIST={tmp_path}/dist", "-o", ".venv/run.stamp", f"BIN={Path(sys.executable).parent}"],
        ROOT,
    )
    [wheel] = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", symlinks=True)
    commands = tmp_path / "venv" / "bin"
    run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            commands / "python",
            "install",
            "-q",
            "--no-index",
            "--no-deps",
            wheel,
        ],
        tmp_path,
    )
    [packages] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # Of a folder that a .pth file names, Python does not read the .pth files: that of the checkout has no effect.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return commands


def test_the_package_serves_a_case_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    where = "import app, casemgr, schemas; print(app.__file__, *casemgr.__path__, *schemas.__path__)"
    assert str(ROOT) not in run([installed / "python", "-c", where], folder)
    command = installed / "casemgr"
    run([command, "init-db"], folder)
    run([command, "import", ROOT / "demo" / "dataset.jsonl"], folder)
    session = run([command, "session", "create", "--user", "nadia"], folder).strip()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = URL.create("sqlite", database="casemgr.db")
        server = Server(url, listener, {}, [str(command), "serve"], folder)
        for path, expected in {
            f"{CASE}/1001": "Kettle switches itself off",
            f"{CASE}/x": "n’est pas un entier",
            "/core/casemgr/v3/casemgr.xsd": "<xs:schema",
            "/core/casemgr/v3/docs": "<html",
            "/health/ready": '{"status":"ready"}',
        }.items():
            assert expected in get(server, path, session)
        server.stop()
