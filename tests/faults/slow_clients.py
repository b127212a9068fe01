"""Clients that send or read slowly, or not at all, and so keep their connections."""

import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

from tests.api.client import CASE, JSON, LOGIN
from tests.factories import USER
from tests.faults.deployment import SECONDS
from tests.faults.proxies import Proxy

NUMBER = 200
_PAUSE = 0.1
_HOST = "Host: 127.0.0.1\r\n"
_LONG = ",".join(map(str, range(1, 76)))
_LOGIN = f"POST {LOGIN['user']} HTTP/1.1\r\n{_HOST}Content-Type: {JSON}\r\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of slow client, which never reads.

    :param first: what it sends at once. Without anything it does not even begin with TLS.
    :param then: what it sends after that, a byte at a time.
    :param comes_again: whether it connects again when the proxy closes the connection.
    :param buffer: bytes that its kernel receives for it. With a small buffer, the kernel of the proxy sends in small
        pieces and keeps less, too.
    """

    name: str
    first: str = ""
    then: str = ""
    comes_again: bool = True
    buffer: int = 8192


KINDS = (
    Kind("connect and send nothing"),
    Kind("send one byte", "G"),
    Kind("send a header byte by byte", "G", f"ET {CASE}/1 HTTP/1.1\r\n{_HOST}X-Padding: {'x' * 5000}"),
    Kind("send a part of a body of 70,000 bytes", f"{_LOGIN}Content-Length: 70000\r\n\r\n{{{' ' * 5000}"),
    Kind("send a body byte by byte", f"{_LOGIN}Content-Length: 4000\r\n\r\n{{", " " * 3999),
    Kind(
        "never close their connection",
        f"GET {CASE}/1 HTTP/1.1\r\n{_HOST}X-egain-session: {USER}\r\nConnection: close\r\n\r\n",
        comes_again=False,
    ),
    Kind(
        "never read a large response",
        f"GET {CASE}/{_LONG}?$attribute=all HTTP/1.1\r\n{_HOST}X-egain-session: {USER}\r\n\r\n",
        buffer=1,
    ),
)


class _Client:
    def __init__(self, number: int, kind: Kind, proxy: Proxy) -> None:
        self._kind = kind
        self._left = memoryview(kind.then.encode())
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kind.buffer)
        self.socket.settimeout(SECONDS)
        # Each client has an address of its own, so that no limit on addresses helps the others.
        self.socket.bind((f"127.0.1.{number + 1}", 0))
        self.socket.connect(("127.0.0.1", proxy.port))
        if kind.first:
            self.socket = proxy.context.wrap_socket(self.socket, server_hostname="127.0.0.1")
            self.socket.send(kind.first.encode())
        self.socket.setblocking(False)

    def go_on(self) -> None:
        if self._left:
            with suppress(OSError):
                self.socket.send(self._left[:1])
                self._left = self._left[1:]

    def must_come_again(self) -> bool:
        if self.socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP)
        return self._kind.comes_again and bool(poll.poll(0))


@contextmanager
def slow_clients(kinds: Sequence[Kind], proxy: Proxy) -> Iterator[None]:
    """Keep NUMBER clients of these kinds, in turn, connected for the duration of the `with` block."""
    stopped = Event()

    def connect(number: int) -> _Client:
        return _Client(number, kinds[number % len(kinds)], proxy)

    def keep(clients: list[_Client]) -> None:
        again = time.monotonic() + 1
        while not stopped.wait(_PAUSE):
            for client in clients:
                client.go_on()
            if time.monotonic() > again:
                again += 1
                for number, client in enumerate(clients):
                    if client.must_come_again():
                        client.socket.close()
                        # The proxy may refuse the connection; the client then tries again a second later.
                        with suppress(OSError):
                            clients[number] = connect(number)

    clients = [connect(number) for number in range(NUMBER)]
    thread = Thread(target=keep, args=(clients,))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        for client in clients:
            client.socket.close()
