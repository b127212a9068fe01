"""Request IDs: contract HDR-2. `CheckedClient` checks the other headers of every response."""

import pytest

from casemgr.observability import context
from tests.api.client import CASE, CheckedClient
from tests.api.conftest import StoreRecords
from tests.factories import USER, case

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize("sent", ["a", "0f8c-11", "x" * 128, "!~", "a,b"])
def test_a_valid_request_id_is_repeated(client: CheckedClient, sent: str) -> None:
    assert client.get(f"{CASE}/1", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", " ", "x" * 129, "a b", "ä", "a\tb"])
def test_an_invalid_request_id_is_replaced(client: CheckedClient, sent: str) -> None:
    assert client.get(f"{CASE}/1", headers={"X-Request-ID": sent}).headers["X-Request-ID"] != sent


def test_every_request_gets_a_new_request_id(client: CheckedClient) -> None:
    ids = {client.get(f"{CASE}/1").headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5


def test_a_request_leaves_nothing_for_the_next_one(store_records: StoreRecords, client: CheckedClient) -> None:
    store_records(case(1))
    first = client.get(
        f"{CASE}/1,999", headers={"X-egain-session": USER, "Accept-Language": "de", "X-Request-ID": "first"}
    )
    assert (first.headers["X-egain-session"], first.headers["Content-Language"]) == (USER, "de-DE")
    assert context.find_context() is None
    second = client.get(f"{CASE}/1")
    assert (second.headers.get("X-egain-session"), second.headers["Content-Language"]) == (None, "en-US")
    assert second.headers["X-Request-ID"] != "first"
