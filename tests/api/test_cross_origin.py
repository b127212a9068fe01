"""Cross-origin requests (CORS)."""

import pytest

from tests.api.client import CASE, LOGIN
from tests.api.conftest import MakeApp

pytestmark = pytest.mark.sqlite

ORIGIN, OTHER = "https://console.example.com", "https://elsewhere.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization, x-egain-session"}


@pytest.mark.parametrize("origins", [(ORIGIN,), (ORIGIN, "http://localhost:3000")], ids=["one", "two"])
@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, True), (OTHER, False), (f"{ORIGIN}.evil.example", False)])
def test_only_listed_origins_get_cors_headers(
    make_app: MakeApp, origins: tuple[str, ...], origin: str, allowed: bool
) -> None:
    client = make_app(cors_origins=origins).test_client()
    for response in (
        client.get(f"{CASE}/1", headers={"Origin": origin}),
        client.post(LOGIN["user"], headers={"Origin": origin}),
        client.get("/nothing", headers={"Origin": origin}),
    ):
        assert response.status_code >= 400
        assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert ("X-egain-session" in response.headers.get("Access-Control-Expose-Headers", "")) == allowed
        assert {"Origin", "Accept", "Accept-Encoding"} <= set(response.vary)


IPV6 = "https://[fd00::1]"


@pytest.mark.parametrize("configured", [ORIGIN, IPV6])
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        pytest.param("{}", True, id="the origin"),
        pytest.param("{}x", False, id="suffix"),
        pytest.param("{}.evil.example", False, id="domain below another one"),
        pytest.param("{}\n", False, id="trailing newline"),
        pytest.param("{}/", False, id="path"),
        pytest.param("x{}", False, id="prefix"),
        pytest.param("https://evil.example/{}", False, id="in a path"),
        pytest.param("https://consoleXexample.com", False, id="another character for the dot"),
        pytest.param("https://d.evil.example", False, id="a character of the IPv6 address"),
        pytest.param("HTTPS://CONSOLE.EXAMPLE.COM", False, id="capitals, which browsers do not send"),
        pytest.param("null", False, id="no origin"),
    ],
)
def test_an_origin_is_compared_as_a_whole(make_app: MakeApp, configured: str, origin: str, allowed: bool) -> None:
    client = make_app(cors_origins=(configured,)).test_client()
    sent = origin.format(configured)
    response = client.get("/nothing", environ_overrides={"HTTP_ORIGIN": sent})
    assert response.headers.get("Access-Control-Allow-Origin") == (sent if allowed else None)


def test_a_preflight_is_answered_without_authentication(make_app: MakeApp) -> None:
    client = make_app(cors_origins=(ORIGIN,)).test_client()
    response = client.options(f"{CASE}/1", headers={"Origin": ORIGIN, **PREFLIGHT})
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in response.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= {"authorization", "x-egain-session"}
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_without_listed_origins_there_are_no_cors_headers(make_app: MakeApp) -> None:
    client = make_app().test_client()
    response = client.options(f"{CASE}/1", headers={"Origin": ORIGIN, **PREFLIGHT})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]
    assert "Origin" not in response.vary
