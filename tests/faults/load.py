"""A steady load of mixed requests, each answer of which is checked."""

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
class _Answer:
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
    """How a request went.

    :param ended: seconds of the clock that only ever grows.
    :param problem: what was wrong with the answer, or None.
    """

    ended: float
    problem: str | None


class Load:
    """Clients that ask at a steady rate."""

    def __init__(self, port: int, rate: float) -> None:
        """Take the port of the proxy and the number of requests a second; nobody asks before `run`."""
        self._port = port
        self._pause = CLIENTS / rate
        self._stopped = Event()
        self._bodies: dict[_Call, bytes] = {}
        self.outcomes: list[Outcome] = []

    @contextmanager
    def run(self) -> Iterator[None]:
        """Ask, each client over a connection of its own, as long as the context lasts.

        What is answered at first is what has to be answered ever after, byte by byte.
        """
        first = _connect(self._port)
        for call in _READS:
            answer = _exchange(first, call)
            assert answer.status == call.status, answer
            self._bodies[call] = answer.body
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
        connection = _connect(self._port)
        credentials = json.dumps({"userName": _login_id(number), "password": PASSWORD})
        log_in = _Call(f"{LOGIN['user']}?forceLogin=yes", {"Content-Type": JSON}, 204, "POST", credentials)
        turns = [*_READS * 4, log_in]
        turns = turns[number:] + turns[:number]
        for call in cycle(turns):
            # Not an exact rate: what matters is that somebody asks all the time.
            if self._stopped.wait(self._pause):
                break
            session = self._try(connection, call)
            if session:
                self._try(connection, _Call(SESSION, {"X-egain-session": session}, 204, "DELETE"))
        connection.close()

    def _try(self, connection: http.client.HTTPConnection, call: _Call) -> str | None:
        """Note how a request went, and give the session that a login has answered."""
        session = None
        try:
            answer = _exchange(connection, call)
            session = answer.session if call.method == "POST" else None
            problem = self._find_problem(call, answer)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            problem = type(error).__name__
        self.outcomes.append(Outcome(time.monotonic(), problem))
        return session

    def _find_problem(self, call: _Call, answer: _Answer) -> str | None:
        if answer.status != call.status:
            code = re.search(rb"\b[0-9]{3}-[0-9]{3}\b", answer.body)
            return str(code[0], "ascii") if code else str(answer.status)
        if call in self._bodies and answer.body != self._bodies[call]:
            return "another body"
        return None


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30)


def _exchange(connection: http.client.HTTPConnection, call: _Call) -> _Answer:
    connection.request(call.method, call.path, call.body, dict(call.headers))
    response = connection.getresponse()
    return _Answer(response.status, response.read(), response.headers["X-egain-session"])


def _login_id(number: int) -> str:
    return f"client-{number}"


def fill(engine: Engine) -> None:
    """Store what the load asks for."""
    tier = attribute("tier")
    cases = [
        case(number, customer=30, notes=[note(number)], custom={"tier": [f"T{number}"]}) for number in range(1, _CASES)
    ]
    activities = [activity(number, case=number) for number in range(1, _CASES)]
    users = [user(1000 + number, loginId=_login_id(number)) for number in range(CLIENTS)]
    store(engine, *actors(), *users, tier, *cases, *activities)
    with engine.begin() as connection:
        connection.execute(update(User).values(password_hash=hash_of_password()))
