"""Compression: Accept-Encoding."""

import gzip

import pytest

from tests.api.client import CASE, JSON, XML, CheckedClient
from tests.api.conftest import StoreRecords
from tests.factories import USER, case

pytestmark = pytest.mark.sqlite

LONG, SHORT = f"{CASE}/1?$attribute=description", f"{CASE}/2"


@pytest.fixture
def cases_of_both_sizes(store_records: StoreRecords) -> None:
    store_records(case(1, description="long " * 1000), case(2))


@pytest.mark.usefixtures("cases_of_both_sizes")
@pytest.mark.parametrize(
    ("path", "accept_encoding", "compressed"),
    [
        (LONG, "gzip", True),
        (LONG, "GZip", True),
        (LONG, "br, gzip;q=0.5", True),
        (LONG, "gzip, identity", True),
        (LONG, "gzip;q=0.5, identity;q=0.4", True),
        (LONG, "*", True),
        (LONG, None, False),
        (LONG, "", False),
        (LONG, "gzip;q=0", False),
        (LONG, "gzip;q=0, *", False),
        (LONG, "gzip;q=0.5, identity", False),
        (LONG, "deflate, br", False),
        (LONG, "nonsense;;;", False),
        (SHORT, "gzip", False),
    ],
)
def test_a_long_body_is_compressed_if_the_client_prefers_gzip(
    client: CheckedClient, path: str, accept_encoding: str | None, compressed: bool
) -> None:
    headers = {"X-egain-session": USER} | ({} if accept_encoding is None else {"Accept-Encoding": accept_encoding})
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    assert (response.headers.get("Content-Encoding") == "gzip") == compressed
    assert "Accept-Encoding" in response.vary
    assert response.headers["Content-Length"] == str(len(response.data))


@pytest.mark.usefixtures("cases_of_both_sizes")
@pytest.mark.parametrize("media_type", [JSON, XML])
def test_decompressing_gives_the_uncompressed_body(client: CheckedClient, media_type: str) -> None:
    headers = {"X-egain-session": USER, "Accept": media_type}
    plain = client.get(LONG, headers=headers)
    compressed = client.get(LONG, headers=headers | {"Accept-Encoding": "gzip"})
    assert gzip.decompress(compressed.data) == plain.data
    assert len(compressed.data) < len(plain.data) / 10


@pytest.mark.usefixtures("cases_of_both_sizes")
def test_head_has_the_content_length_of_the_compressed_body(client: CheckedClient) -> None:
    headers = {"X-egain-session": USER, "Accept-Encoding": "gzip"}
    got, head = client.get(LONG, headers=headers), client.head(LONG, headers=headers)
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.headers["Content-Encoding"] == "gzip"
