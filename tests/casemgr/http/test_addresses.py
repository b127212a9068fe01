"""The network address of the client behind trusted proxies."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.http.addresses import find_client_address

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "2001:db8::1/128")))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        pytest.param("192.0.2.7", "", "192.0.2.7", id="no proxy"),
        pytest.param("192.0.2.7", "198.51.100.1", "192.0.2.7", id="an untrusted peer"),
        pytest.param("10.0.0.1", "198.51.100.1", "198.51.100.1", id="one proxy"),
        pytest.param("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1", id="a client that sends X-Forwarded-For"),
        pytest.param("10.0.0.1", "198.51.100.1,10.2.3.4 , 10.0.0.9", "198.51.100.1", id="several proxies"),
        pytest.param("10.0.0.1", "10.0.0.2", "10.0.0.2", id="a client in the network of the proxies"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="a proxy without X-Forwarded-For"),
        pytest.param("10.0.0.1", "unknown", "10.0.0.1", id="a proxy that sends unknown"),
        pytest.param("10.0.0.1", "198.51.100.1, nonsense, 10.0.0.2", "10.0.0.2", id="nonsense between proxies"),
        pytest.param("2001:db8::1", "2001:DB8:0::5", "2001:db8::5", id="IPv6"),
        pytest.param("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1", id="IPv4 as IPv6"),
        pytest.param("10.0.0.1", "198.51.100.1:5123", "198.51.100.1", id="with a port"),
        pytest.param("10.0.0.1", "[2001:db8::5]:99", "2001:db8::5", id="IPv6 with a port"),
        pytest.param("10.0.0.1", "[2001:db8::5]", "2001:db8::5", id="IPv6 in brackets"),
        pytest.param("10.0.0.1", "fe80::5%secret", "fe80::5", id="IPv6 with a zone"),
        pytest.param("", "198.51.100.1", "198.51.100.1", id="Unix socket"),
    ],
)
def test_the_client_is_the_last_address_that_is_not_a_trusted_proxy(
    peer: str, forwarded_for: str, expected: str
) -> None:
    assert find_client_address(peer, forwarded_for, PROXIES) == expected


@pytest.mark.parametrize("peer", ["10.0.0.1", "2001:db8::1", ""])
def test_without_trusted_proxies_the_client_is_the_peer(peer: str) -> None:
    assert find_client_address(peer, "198.51.100.1", ()) == peer


@given(st.text(), st.text(st.sampled_from("0123456789abcdef:., ")))
def test_any_field_value_is_accepted(peer: str, forwarded_for: str) -> None:
    assert isinstance(find_client_address(peer, forwarded_for, PROXIES), str)
