"""Where a request comes from, and where it was sent to."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from casemgr.config import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Some proxies add the port, or the brackets of a URL.
_WITH_PORT = re.compile(r"\[(.*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")

# RFC 9110 section 7.2: a name or an IP address, and perhaps a port.
_HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def client_address(peer: str, forwarded_for: str, trusted_proxies: Sequence[Network]) -> str:
    """Find the address of the client: the nearest one that is not a trusted proxy's.

    :param peer: the address at the other end of the connection; not an IP address for a Unix socket, which is trusted
        as soon as any proxy is.
    :param forwarded_for: the X-Forwarded-For field value as received; each proxy adds the address of its peer.
    """
    if not trusted_proxies:
        return peer
    client = peer
    for hop in (peer, *reversed(forwarded_for.split(","))):
        address = _parse(hop.strip())
        if address is None:
            if hop is peer:
                continue
            break
        client = str(address)
        if not any(address in network for network in trusted_proxies):
            break
    return client


def requested_base_url(environ: "WSGIEnvironment") -> str:
    """Tell scheme and authority that a request was sent to; a Host that is none is taken for that of the server."""
    host = environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{host}"


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((with_port[1] or with_port[2]) if with_port else text)
    except ValueError:
        return None
    # A socket that listens for both versions writes IPv4 addresses as IPv6.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
