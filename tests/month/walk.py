"""The steps of a simulated month."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import NamedTuple

from casemgr.accounts.accounts import Account
from casemgr.accounts.listing import RECORD_TYPES
from casemgr.domain.actors import ActorKind
from tests import factories
from tests.month.callers import ask
from tests.month.feed import PASSWORD, Feed
from tests.month.installation import Installation
from tests.month.watch import ADA, ALAN, BEN, BRIDGE, GRACE, NAMES, NO_CASE, Watch
from tests.month.world import Request
from tests.postgresql import wait_until

_RECORD_TYPES = ("department", "user", "customer", "customerGrant", "clientApplication", "case", "activity")


class Step(NamedTuple):
    """A step, whose action checks what callers see and says what it has done."""

    name: str
    act: Callable[[], str]


class Walk(Watch):
    """A month of an installation."""

    def __init__(self, installation: Installation, seed: int) -> None:
        """Prepare the month.

        :param seed: of the records, and of the cases that callers request.
        """
        super().__init__(installation, seed)
        self._feed = Feed(seed)

    def steps(self, days: int, hours: int) -> Iterator[Step]:
        """Return the steps of a month.

        :param days: the length of the month.
        :param hours: the deltas of a day.
        """
        events = [
            Step("a lost delta", self._lose_delta),
            Step("an erasure", self._erase),
            Step("a password", self._change_password),
            Step("a disabled user", self._disable),
            Step("a rotated secret", self._rotate_secret),
            Step("a purge", self._purge),
            Step("an export", self._export),
            Step("a restore", self._restore),
        ]
        yield Step("install", self._install)
        yield Step("log in", self._log_in)
        for day in range(days):
            yield Step(f"day {day + 1}", lambda: self._pass_day(hours))
            yield from events[len(events) * day // days : len(events) * (day + 1) // days]
        yield Step("status", self._see_status)
        yield Step("an upgrade", self._upgrade)

    def _install(self) -> str:
        self._expect_refusal(self._installation.try_to_serve(), "The database has no schema")
        self._expect_success("init-db", self._installation.run("init-db"))
        full = self._feed.full()
        self._import(full)
        self._installation.serve()
        return f"package installed, schema created, {len(full)} records imported"

    def _log_in(self) -> str:
        self._expect_refused_login(ADA, "wrong")
        for account in NAMES:
            self._expect_login(account)
        self._look()
        return f"a wrong password; {len(NAMES)} callers with the right one"

    def _pass_day(self, hours: int) -> str:
        for _ in range(hours):
            self._import(self._feed.delta(self._world))
        return f"hourly deltas: {hours}"

    def _lose_delta(self) -> str:
        grant = factories.grant(GRACE.id, ALAN.id)
        lost = self._feed.delta(self._world, grant)
        ahead = deepcopy(self._world)
        ahead.apply(lost)
        # The last case is one that the lost delta creates.
        case = ahead.find("case")[-1]
        withdrawal = {"type": "customerGrant", "customer": GRACE.id, "on": ALAN.id, "deleted": True}
        following = self._feed.delta(ahead, self._feed.new_activity(case, GRACE.id), withdrawal)
        refused = self._run_import(following)
        sentence = f"<stdin>:1: case: there is no case {case['id']}\nNothing was imported.\n"
        self.tally.expect("the delta after the lost one", (refused.status, refused.messages), (1, sentence))
        self._look()
        for delta in (lost, following, following):
            self._import(delta)
        return "it grants, the next one withdraws; the next one refused, both imported, the next one once more"

    def _erase(self) -> str:
        erasure = self._feed.erasure(self._world, ALAN.id)
        self._import(erasure)
        self._expect_refused_login(ALAN, self._passwords[ALAN])
        return f"{len(erasure)} deletions: a customer, with cases and activities"

    def _change_password(self) -> str:
        self._set_password(ADA, "user", "deep as the well")
        self._expect_refused_login(ADA, PASSWORD)
        self._expect_login(ADA)
        self._look()
        return "set by a command; logged in with the new one"

    def _set_password(self, account: Account, group: str, password: str) -> None:
        done = self._installation.run(group, "set-password", NAMES[account], standard_input=password.encode())
        self._expect_success("set-password", done)
        self._passwords[account] = password
        self._world.end_sessions(account)
        self._look()

    def _disable(self) -> str:
        self._expect_success("user disable", self._installation.run("user", "disable", NAMES[BEN]))
        self._world.end_sessions(BEN)
        self._look()
        self._expect_refused_login(BEN, self._passwords[BEN])
        self._expect_success("user enable", self._installation.run("user", "enable", NAMES[BEN]))
        self._look()
        self._expect_login(BEN)
        self._look()
        return "disabled and enabled; logged in again"

    def _rotate_secret(self) -> str:
        done = self._installation.run("client", "rotate-secret", NAMES[BRIDGE])
        self._expect_success("client rotate-secret", done)
        self._world.end_sessions(BRIDGE)
        self._look()
        self._expect_refused_login(BRIDGE, self._passwords[BRIDGE])
        self._passwords[BRIDGE] = done.output.strip().removeprefix("client_secret=")
        self._expect_login(BRIDGE)
        self._look()
        return "a token fetched with the new one"

    def _purge(self) -> str:
        created = self._installation.run("session", "create", "--user", NAMES[ADA], "--expires-in", "1s")
        self._expect_success("session create", created)
        session = created.output.strip()
        self._kinds[session] = ActorKind.USER
        expired = Request(session, ActorKind.USER, (NO_CASE,))
        wait_until(lambda: ask(self._installation.server, expired) == self._world.answer(expired))
        purged = self._installation.run("session", "purge")
        self.tally.expect("session purge", (purged.status, purged.messages), (0, "1 expired session deleted.\n"))
        self._look()
        return "a session expired and was deleted"

    def _export(self) -> str:
        """Move to another database: an export has no passwords, secrets and sessions, as docs/dataset.md says."""
        exported = self._installation.run("export")
        self._expect_success("export", exported)
        self._installation.stop()
        self._installation.database = self._installation.create_database()
        self._installation.serve("--init-db")
        self._world.sessions = {}
        self._look()
        secrets = [
            {**record, "clientSecret" if account.kind is ActorKind.CLIENT_APPLICATION else "password": password}
            for account, password in self._passwords.items()
            for record in self._world.find(RECORD_TYPES[account.kind], id=account.id)
        ]
        self._import([*map(json.loads, exported.output.splitlines()), *secrets])
        self._imports = 1
        for account in NAMES:
            if account != ALAN:
                self._expect_login(account)
        self._look()
        return "imported into another database together with the passwords, logged in there"

    def _restore(self) -> str:
        backup = self._installation.back_up()
        saved = deepcopy((self._world, self._passwords))
        imports = self._imports
        since = self._feed.delta(self._world)
        self._import(since)
        self._set_password(GRACE, "customer", "high as the sky")
        self._installation.stop()
        self._installation.restore(backup)
        (self._world, self._passwords), self._imports = saved, imports
        self._installation.serve()
        self._look()
        self._expect_login(GRACE)
        self._import(since)
        return "backup, a delta and a password, backup restored, the delta again"

    def _see_status(self) -> str:
        done = self._installation.run("status", "--format", "json")
        self._expect_success("status", done)
        status = json.loads(done.output)
        for kind in _RECORD_TYPES:
            self.tally.expect(f"number of {kind} records", status["records"][kind], self._world.count(kind))
        live = [owner.kind for owner in self._world.sessions.values()]
        self.tally.expect("live sessions", [*status["liveSessions"].values()], [live.count(kind) for kind in ActorKind])
        self.tally.expect("number of imports", status["imports"], self._imports)
        return f"{status['records']['case']} cases, {len(live)} sessions"

    def _upgrade(self) -> str:
        self._installation.stop()
        self._installation.downgrade()
        self._expect_refusal(self._installation.try_to_serve(), "The schema is at revision ")
        self._installation.serve("--init-db")
        self._look()
        self._expect_refused_login(GRACE, "wrong")
        self._expect_login(GRACE)
        return "refused with the schema of the version before, served after the migration"
