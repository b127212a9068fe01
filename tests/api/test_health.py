"""Health checks."""

import json

import pytest
from sqlalchemy import Engine, text

from app import create_app
from casemgr.config import Config
from casemgr.database.engine import create_engine
from tests.api.client import CheckedClient, error
from tests.api.conftest import MakeApp
from tests.conftest import MakeDatabase
from tests.factories import dispose

HEADERS = {"Accept": "text/html", "Accept-Language": "xx", "X-egain-session": "nonsense"}


def test_a_running_process_is_live(client: CheckedClient) -> None:
    response = client.get("/health/live", headers=HEADERS)
    assert (response.status_code, json.loads(response.data)) == (200, {"status": "live"})


def test_a_service_with_a_migrated_database_is_ready(client: CheckedClient) -> None:
    response = client.get("/health/ready", headers=HEADERS)
    assert (response.status_code, json.loads(response.data)) == (200, {"status": "ready"})


def test_a_service_without_a_schema_is_not_ready(make_database: MakeDatabase) -> None:
    app = create_app(Config(make_database(migrated=False)))
    response = app.test_client().get("/health/ready")
    dispose(app)
    assert response.status_code == 503
    assert json.loads(response.data)["reasons"] == ["the schema is not at the newest revision"]


def test_a_service_with_an_old_schema_is_not_ready(make_database: MakeDatabase) -> None:
    url = make_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    app = create_app(Config(url))
    response = app.test_client().get("/health/ready")
    dispose(app)
    assert json.loads(response.data)["reasons"] == ["the schema is not at the newest revision"]


def test_a_service_with_an_unreachable_database_is_live_but_not_ready(engine: Engine) -> None:
    unreachable = (
        engine.url.set(database="/nowhere/casemgr.db")
        if engine.dialect.name == "sqlite"
        else engine.url.set(database="nowhere")
    )
    app = create_app(Config(unreachable))
    client = app.test_client()
    response = client.get("/health/ready")
    assert client.get("/health/live").status_code == 200
    dispose(app)
    assert response.status_code == 503
    assert json.loads(response.data) == {"status": "not ready", "reasons": ["the database cannot be reached"]}


def test_a_service_with_an_uncompiled_catalogue_is_not_ready(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_app().test_client()
    monkeypatch.setattr("casemgr.web.health.missing_catalogues", lambda: ["fr-CA"])
    assert json.loads(client.get("/health/ready").data)["reasons"] == ["message catalogues are not compiled"]


@pytest.mark.parametrize("path", ["/health", "/health/", "/health/live/"])
def test_other_health_paths_give_404(client: CheckedClient, path: str) -> None:
    assert error(client.get(path)) == (404, "404-001")
