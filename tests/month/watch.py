"""What callers see of an installation, compared with what they should see."""

from collections.abc import Iterator
from copy import deepcopy
from itertools import cycle
from random import Random

from casemgr.accounts.accounts import Account
from casemgr.domain.actors import ActorKind
from tests.factories import Record, as_lines
from tests.month import feed
from tests.month.callers import Tally, ask, log_in
from tests.month.feed import PASSWORD
from tests.month.installation import Done, Installation
from tests.month.world import Request, World

ADA, BEN = Account(ActorKind.USER, feed.ADA), Account(ActorKind.USER, feed.BEN)
GRACE, ALAN = Account(ActorKind.CUSTOMER, feed.GRACE), Account(ActorKind.CUSTOMER, feed.ALAN)
BRIDGE = Account(ActorKind.CLIENT_APPLICATION, feed.BRIDGE)
NAMES = {ADA: "ada", BEN: "ben", GRACE: f"customer-{GRACE.id}", ALAN: f"customer-{ALAN.id}", BRIDGE: "bridge"}
"""The accounts that log in, and their login IDs and client IDs."""

NO_CASE = 999
"""The ID of a case that never exists."""

_ERRORS = {ActorKind.USER: "401-102", ActorKind.CUSTOMER: "401-102", ActorKind.CLIENT_APPLICATION: "invalid_client"}


class Watch:
    """An installation, and the world that it should show; each command that changes one changes the other."""

    def __init__(self, installation: Installation, seed: int) -> None:
        """Begin with an empty world.

        :param seed: of the cases that callers request.
        """
        self._installation = installation
        # The numbers are no secrets.
        self._random = Random(seed)  # noqa: S311
        self._world = World()
        self._before: World | None = None
        self._kinds: dict[str, ActorKind] = {}
        self._passwords = dict.fromkeys(NAMES, PASSWORD)
        self._touched: list[int] = []
        self._imports = 0
        self.tally = Tally()

    def _run_import(self, dataset: list[Record]) -> Done:
        """Run an import while callers go on, who may see the world before it and the one after it."""
        self._touched = [record["id"] for record in dataset if record["type"] == "case"]
        requests = cycle(list(self._requests())) if self._kinds else None
        return self._installation.run(
            "import",
            "--replace",
            "-",
            standard_input=as_lines(dataset),
            meanwhile=lambda: self._check(next(requests)) if requests else None,
        )

    def _import(self, dataset: list[Record]) -> None:
        self._before = deepcopy(self._world)
        self._world.apply(dataset)
        self._expect_success("import", self._run_import(dataset))
        self._before = None
        self._imports += 1
        self._look()

    def _look(self) -> None:
        for request in self._requests():
            self._check(request)

    def _check(self, request: Request) -> None:
        """Check a response; the one before an import is allowed until this has ended."""
        allowed = [world.answer(request) for world in self._worlds()]
        self.tally.expect(request, ask(self._installation.server, request), *allowed)

    def _worlds(self) -> list[World]:
        return [self._before, self._world] if self._before else [self._world]

    def _requests(self) -> Iterator[Request]:
        """Make requests with every session there has been: for changed and deleted cases, and for some others."""
        cases = [case["id"] for case in self._world.find("case")]
        some = tuple(dict.fromkeys((*self._touched[:12], *self._random.sample(cases, 2), NO_CASE)))
        for session, kind in self._kinds.items():
            if not any(session in world.sessions for world in self._worlds()):
                yield Request(session, kind, (cases[0],))
            elif kind is ActorKind.CUSTOMER:
                yield from (Request(session, kind, (number,)) for number in some)
                for customer in (GRACE.id, ALAN.id):
                    for activity in self._world.find("activity", customer=customer)[-2:]:
                        yield Request(session, kind, (activity["case"],))
                        yield Request(session, kind, (activity["case"],), on=ALAN.id)
            else:
                yield from (Request(session, kind, (number,)) for number in some)
                yield from (Request(session, kind, numbers) for numbers in (some, tuple(cases[-75:])))

    def _expect_login(self, account: Account) -> None:
        session, error = log_in(self._installation.server, account.kind, NAMES[account], self._passwords[account])
        self.tally.expect(f"login of {NAMES[account]}", error, None)
        if session:
            self._kinds[session] = account.kind
            self._world.sessions[session] = account

    def _expect_refused_login(self, account: Account, password: str) -> None:
        refused = log_in(self._installation.server, account.kind, NAMES[account], password)
        self.tally.expect(f"login of {NAMES[account]}", refused, (None, _ERRORS[account.kind]))

    def _expect_success(self, command: str, done: Done) -> None:
        self.tally.expect(f"{command} ({done.messages.strip()})", done.status, 0)

    def _expect_refusal(self, done: Done, problem: str) -> None:
        """Expect that a command refused the schema for a problem, and said what to do."""
        self.tally.expect("exit status without a schema of this version", done.status, 1)
        expected = done.messages.startswith(f"Error: {problem}") and "run 'casemgr init-db'" in done.messages
        self.tally.expect(f"{done.messages.strip()} names the problem", expected, True)
