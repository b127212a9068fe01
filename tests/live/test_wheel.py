"""The installed package serves a case from an empty folder."""

import socket
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.api.client import CASE
from tests.live.server import ROOT, Server
from tests.wheel import install, run

pytestmark = [pytest.mark.live_server, pytest.mark.slow]


def get(server: Server, path: str, session: str) -> str:
    with closing(server.connect()) as connection:
        connection.request("GET", path, headers={"X-egain-session": session, "Accept-Language": "fr-FR"})
        return connection.getresponse().read().decode()


def test_the_package_serves_a_case_from_an_empty_folder(tmp_path: Path) -> None:
    installed = install(tmp_path)
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
            "/core/casemgr/v3/docs/guide.md": "# Guide",
            "/core/casemgr/v3/docs/docs.js": "Scalar",
            "/health/ready": '{"status":"ready"}',
        }.items():
            assert expected in get(server, path, session)
        server.stop()
