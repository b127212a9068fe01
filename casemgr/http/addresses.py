"""The address of the client, and the address that a request was sent to."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Network: TypeAlias = IPv4Network | IPv6Network

# Some proxies add the port, or the brackets of a URL.
_ADDRESS_WITH_PORT = re.compile(r"\[(.*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")

# RFC 9110 section 7.2: a name or an IP address, and an optional port.
_HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


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


def build_base_url(environ: "WSGIEnvironment") -> str:
    """Build scheme and authority of the URL that a request was sent to.

    A malformed Host field is replaced with the address of the server.
    """
    host = environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{host}"


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an IP address; an IPv4 address in IPv6 form becomes that IPv4 address.

    :param text: may have a port, or the brackets of a URL.
    :returns: None when the text is no IP address.
    """
    with_port = _ADDRESS_WITH_PORT.fullmatch(text)
    try:
        address = ip_address((with_port[1] or with_port[2]) if with_port else text)
    except ValueError:
        return None
    # A dual-stack socket reports IPv4 addresses in IPv6 form.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
