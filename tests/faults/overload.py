"""More requests than the deployment can answer."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from tests.api.client import CASE
from tests.factories import USER
from tests.faults.deployment import Node
from tests.faults.proxies import Proxy

_CLIENTS = 32
_FACTOR = 1.5
"""How many times the capacity is offered."""

_GOAL = 0.8
"""The part of the capacity that must remain."""

_PATIENCE = 1
"""Seconds after which a client gives up."""

# A large response, so that the clients need less processor time than the nodes.
_IDS = ",".join(map(str, range(1, 76)))
_REQUEST = f"GET {CASE}/{_IDS}?$attribute=all HTTP/1.1\r\nHost: 127.0.0.1\r\nX-egain-session: {USER}\r\n\r\n".encode()
_GAVE_UP = "gave up"
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Clients:
    """Clients that share connections; a connection is used again when its response has been read."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        # With many addresses, so that no limit on addresses applies.
        self._addresses = cycle([f"127.0.1.{number}" for number in range(1, 201)])
        self._idle: list[_Connection] = []
        self.outcomes: Counter[str] = Counter()

    async def ask(self) -> None:
        """Send a request, and count its status, or what happened instead."""
        try:
            async with asyncio.timeout(_PATIENCE):
                outcome = await self._send()
        except TimeoutError:
            outcome = _GAVE_UP
        except (OSError, asyncio.IncompleteReadError) as error:
            outcome = type(error).__name__
        self.outcomes[outcome] += 1

    async def _send(self) -> str:
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self._proxy.port, ssl=self._proxy.context, local_addr=(next(self._addresses), 0)
            )
        try:
            writer.write(_REQUEST)
            header = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(header.partition(b"content-length:")[2].split(maxsplit=1)[0]))
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in header:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return header.split()[1].decode()


async def _send_in_turn(clients: _Clients, seconds: float) -> None:
    end = time.monotonic() + seconds

    async def be_client() -> None:
        while time.monotonic() < end:
            await clients.ask()

    await asyncio.gather(*(be_client() for _ in range(_CLIENTS)))


async def _send_at_rate(clients: _Clients, rate: float, seconds: float) -> None:
    start = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(start + number / rate - time.monotonic())
            group.create_task(clients.ask())


async def _try_overload(proxy: Proxy, seconds: float) -> bool:
    clients = _Clients(proxy)
    await _send_in_turn(clients, 1)
    clients.outcomes.clear()
    await _send_in_turn(clients, seconds)
    capacity = clients.outcomes["200"] / seconds
    print(f"{_CLIENTS} clients in turn: {capacity:.0f} successes a second ({_describe(clients)})", flush=True)
    clients.outcomes.clear()
    started = time.monotonic()
    await _send_at_rate(clients, _FACTOR * capacity, seconds)
    taken = time.monotonic() - started
    successes = clients.outcomes["200"] / taken
    print(
        f"{clients.outcomes.total() / taken:.0f} requests a second: {successes:.0f} successes a second,"
        f" {successes / capacity:.0%} of that ({_describe(clients)})",
        flush=True,
    )
    return successes >= _GOAL * capacity and not clients.outcomes.keys() - {"200", "503"}


def _describe(clients: _Clients) -> str:
    return ", ".join(f"{number} x {outcome}" for outcome, number in clients.outcomes.most_common())


def run_overload(proxy: Proxy, nodes: Sequence[Node], seconds: float) -> bool:
    """Measure the capacity, and then offer more than that.

    :param seconds: the duration of each of the two.
    :returns: whether enough requests succeeded and the others got 503.
    """
    for node in nodes:
        # The clients would have machines of their own. Here they must not be slowed down by what they measure.
        node.give_way()
    return asyncio.run(_try_overload(proxy, seconds))
