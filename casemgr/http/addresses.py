"""The address of the client, and the address under which clients reach the service."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Network: TypeAlias = IPv4Network | IPv6Network

# Some proxies add the port, or the brackets of a URL.
_ADDRESS_WITH_PORT = re.compile(r"\[(.*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LOOPBACK_HOST = re.compile(rf"(localhost|127(\.{_OCTET}){{3}}|\[::1\])(:[0-9]{{1,5}})?", re.ASCII | re.IGNORECASE)


def find_client_address(peer: str, forwarded_for: str, trusted_proxies: Sequence[Network]) -> str:
    """Find the address of the client: the nearest address that does not belong to a trusted proxy.

    :param peer: the address at the other end of the connection. For a Unix socket it is not an IP address; such a peer
        is trusted if there is any trusted proxy.
    :param forwarded_for: the X-Forwarded-For field value as received; each proxy appends the address of its peer.
    """
    if not trusted_proxies:
        return peer
    client = peer
    for hop in (peer, *reversed(forwarded_for.split(","))):
        address = parse_address(hop.strip())
        if address is None:
            if hop is peer:
                continue
            break
        client = str(address)
        if not any(address in network for network in trusted_proxies):
            break
    return client


def find_base_url(configured: str | None, environ: "WSGIEnvironment") -> str | None:
    """Find scheme and authority of the URLs under which clients reach the service.

    Whoever sends a request chooses its Host field, so that field counts only when it names this machine.

    :param configured: the value of CASEMGR_BASE_URL, which comes first.
    :returns: None when the URLs are not known.
    """
    if configured:
        return configured
    host = environ.get("HTTP_HOST", "")
    return f"{environ['wsgi.url_scheme']}://{host}" if _LOOPBACK_HOST.fullmatch(host) else None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an IP address, without its zone; an IPv4 address in IPv6 form becomes that IPv4 address.

    :param text: may have a port, or the brackets of a URL.
    :returns: None when the text is no IP address.
    """
    with_port = _ADDRESS_WITH_PORT.fullmatch(text)
    try:
        # A zone may be any text, which must not reach the log.
        address = ip_address(((with_port[1] or with_port[2]) if with_port else text).partition("%")[0])
    except ValueError:
        return None
    # A dual-stack socket reports IPv4 addresses in IPv6 form.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
