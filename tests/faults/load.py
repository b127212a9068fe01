"""A steady load of mixed requests; every response is checked."""

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from threading import Event, Thread

from sqlalchemy import Engine, update

from casemgr.database.models import User
from tests.api.client import CASE, JSON, LOGIN, SESSION, XML
from tests.factories import (
    CLIENT,
    CUSTOMER,
    PASSWORD,
    USER,
    activity,
    actors,
    attribute,
    case,
    hash_of_password,
    note,
    store,
    user,
)
from tests.faults.proxies import Proxy

CLIENTS = 8
_CASES = 300
_LONG = ",".join(map(str, range(1, 76)))
_AGENT = {"X-egain-session": USER}
_SHOPPER = {"X-egain-session": CUSTOMER, "Accept": XML, "Accept-Language": "fr-FR"}
_BRIDGE = {"Authorization": f"Bearer {CLIENT}", "Accept-Language": "ja"}


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    path: str
    headers: Mapping[str, str]
    status: int = 200
    method: str = "GET"
    body: str | None = None


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    body: bytes
    session: str | None


_READS = (
    _Call(f"{CASE}/1", _AGENT),
    _Call(f"{CASE}/2,3,4?$attribute=all", _AGENT),
    _Call(f"{CASE}/5", _SHOPPER),
    _Call(f"{CASE}/6,7?$attribute=notes", _BRIDGE),
    _Call(f"{CASE}/{_LONG}", _AGENT),
    _Call(f"{CASE}/999999", _BRIDGE, 404),
    _Call(f"{CASE}/8,9?$attribute=custom.tier&$sort=custom.tier&$order=desc", _AGENT),
    _Call(f"{CASE}/1,x", _SHOPPER, 400),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a request.

    :param is_read: whether it was a request for cases; others log in or out.
    :param started: seconds of the monotonic clock, as ended.
    :param problem: the code of an unexpected error, or another description of the problem; None when there was none.
    """

    is_read: bool
    started: float
    ended: float
    problem: str | None


class Load:
    """Clients that send requests at a steady rate."""

    def __init__(self, proxy: Proxy, rate: float) -> None:
        """Prepare the clients.

        :param rate: requests per second of all clients together.
        """
        self._proxy = proxy
        self._pause = CLIENTS / rate
        self._stopped = Event()
        self._bodies: dict[_Call, bytes] = {}
        self._waiting_since: dict[int, float] = {}
        self.outcomes: list[Outcome] = []

    @contextmanager
    def run(self) -> Iterator[None]:
        """Send requests for the duration of the `with` block.

        Half of the clients keep their connections, the others have a new one for each request.
        Every response to a read must have the same body as the first one.
        """
        first = _connect(self._proxy)
        for call in _READS:
            response = _send(first, call)
            assert response.status == call.status, response
            self._bodies[call] = response.body
        first.close()
        clients = [Thread(target=self._be_client, args=(number,)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self._stopped.set()
            for client in clients:
                client.join()

    def _be_client(self, number: int) -> None:
        connection = _connect(self._proxy)
        credentials = json.dumps({"userName": _login_id(number), "password": PASSWORD})
        log_in = _Call(f"{LOGIN['user']}?forceLogin=yes", {"Content-Type": JSON}, 204, "POST", credentials)
        turns = [*_READS * 4, log_in]
        # Not all clients log in at the same time, which takes the nodes a lot of processor time.
        first = number * len(turns) // CLIENTS
        turns = turns[first:] + turns[:first]
        for call in cycle(turns):
            # The rate is not exact, but there are requests all the time.
            if self._stopped.wait(self._pause):
                break
            session = self._try(number, connection, call)
            if session:
                self._try(number, connection, _Call(SESSION, {"X-egain-session": session}, 204, "DELETE"))
            if number % 2:
                connection.close()
        connection.close()

    def _try(self, number: int, connection: http.client.HTTPConnection, call: _Call) -> str | None:
        """Record the outcome of a request.

        :returns: the session, if the request was a login.
        """
        session = None
        started = self._waiting_since[number] = time.monotonic()
        try:
            response = _send(connection, call)
            session = response.session if call.method == "POST" else None
            problem = self._find_problem(call, response)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            problem = type(error).__name__
        self.outcomes.append(Outcome(call.method == "GET", started, time.monotonic(), problem))
        del self._waiting_since[number]
        return session

    def longest_wait(self) -> float:
        """Return for how many seconds the oldest request has had no response."""
        now = time.monotonic()
        return max((now - started for started in list(self._waiting_since.values())), default=0)

    def _find_problem(self, call: _Call, response: _Response) -> str | None:
        if response.status != call.status:
            code = re.search(rb"\b[0-9]{3}-[0-9]{3}\b", response.body)
            return str(code[0], "ascii") if code else str(response.status)
        if call in self._bodies and response.body != self._bodies[call]:
            return "different body"
        return None


def _connect(proxy: Proxy) -> http.client.HTTPConnection:
    return http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=30, context=proxy.context)


def _send(connection: http.client.HTTPConnection, call: _Call) -> _Response:
    connection.request(call.method, call.path, call.body, dict(call.headers))
    received = connection.getresponse()
    return _Response(received.status, received.read(), received.headers["X-egain-session"])


def _login_id(number: int) -> str:
    return f"client-{number}"


def fill(engine: Engine) -> None:
    """Store the cases and accounts that the load uses."""
    tier = attribute("tier")
    cases = [
        case(number, customer=30, notes=[note(number)], custom={"tier": [f"T{number}"]}) for number in range(1, _CASES)
    ]
    activities = [activity(number, case=number) for number in range(1, _CASES)]
    users = [user(1000 + number, loginId=_login_id(number)) for number in range(CLIENTS)]
    store(engine, *actors(), *users, tier, *cases, *activities)
    with engine.begin() as connection:
        connection.execute(update(User).values(password_hash=hash_of_password()))
