"""The records as they ought to be stored, and what each caller ought to see of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from casemgr.accounts.accounts import Account
from casemgr.accounts.listing import RECORD_TYPES
from casemgr.domain.actors import ActorKind
from tests.factories import Record

_VISIBLE_TYPES = ("chat", "calltrack", "social")
"""The types of activities that customers see in either mode, by contract ACC-11."""

_OWNERS = {record_type: kind for kind, record_type in RECORD_TYPES.items()}


class Request(NamedTuple):
    """A request for cases.

    :param on: the customer on whose behalf it is made.
    """

    session: str
    kind: ActorKind
    ids: tuple[int, ...]
    on: int | None = None


class Answer(NamedTuple):
    """The part of a response that is compared.

    :param code: None when the status is 200.
    :param named: the cases, or the IDs or customers that the error names.
    """

    status: int
    code: str | None
    named: tuple[Any, ...] = ()


class World:
    """Follows what the commands do, by the rules of the documents and without the code of casemgr."""

    def __init__(self) -> None:
        self._records: dict[str, dict[Any, Record]] = defaultdict(dict)
        self.sessions: dict[str, Account] = {}

    def apply(self, dataset: Iterable[Record]) -> None:
        """Do what `casemgr import --replace` does."""
        for record in dataset:
            kind, key = record["type"], _key(record)
            if not record.get("deleted"):
                self._records[kind][key] = record
                continue
            self._records[kind].pop(key, None)
            if kind == "case":
                self._delete("activity", lambda activity, case=key: activity["case"] == case)
            if kind == "customer":
                self._delete("customerGrant", lambda grant, end=key: end in (grant["customer"], grant["on"]))
            if kind in _OWNERS:
                self.end_sessions(Account(_OWNERS[kind], key))

    def _delete(self, kind: str, is_meant: Any) -> None:
        for key in [key for key, record in self._records[kind].items() if is_meant(record)]:
            del self._records[kind][key]

    def end_sessions(self, account: Account) -> None:
        """End all sessions of an account."""
        self.sessions = {session: owner for session, owner in self.sessions.items() if owner != account}

    def count(self, kind: str) -> int:
        """Count the records of a type."""
        return len(self._records[kind])

    def find(self, kind: str, **fields: Any) -> list[Record]:
        """Find the records of a type that have these fields."""
        return [
            record
            for record in self._records[kind].values()
            if all(record.get(name) == value for name, value in fields.items())
        ]

    def answer(self, request: Request) -> Answer:
        """Say what the response to a request must be."""
        account = self.sessions.get(request.session)
        if account is None:
            return Answer(401, "401-105" if request.kind is ActorKind.CLIENT_APPLICATION else "401-101")
        if account.kind is ActorKind.CUSTOMER:
            return self._answer_customer(account.id, request)
        cases = self._records["case"]
        if missing := [number for number in request.ids if number not in cases]:
            return Answer(404, "404-100", tuple(map(str, missing)))
        if account.kind is ActorKind.USER:
            readable = self._readable(account.id)
            if forbidden := [number for number in request.ids if cases[number]["department"] not in readable]:
                return Answer(403, "403-105", tuple(map(str, forbidden)))
        return Answer(200, None, tuple(self._case_for_staff(cases[number]) for number in request.ids))

    def _readable(self, user_id: int) -> set[int]:
        user = self._records["user"][user_id]
        home = user["department"]
        shared = {sharing["from"] for sharing in self.find("departmentSharing", to=home, activities=True)}
        return {home, *user.get("foreignDepartments", ()), *shared}

    def _answer_customer(self, customer: int, request: Request) -> Answer:
        [number] = request.ids
        if request.on not in (None, customer) and not self.find("customerGrant", customer=customer, on=request.on):
            return Answer(400, "400-114", (str(request.on),))
        effective = request.on or customer
        dates = {
            activity["id"]: activity["sent"] if _is_outbound_email(activity) else activity["created"]
            for activity in self._visible_activities(effective, number)
        }
        if not dates:
            return Answer(404, "404-100", (str(number),))
        case = self._records["case"][number]
        unread = sum(not self._records["activity"][key].get("read") for key in dates)
        # Dates in this form sort by time.
        shown = {**_shown(case), "recent": max(dates.values()), "unread": unread}
        return Answer(200, None, (shown | self._customer(case, effective),))

    def _visible_activities(self, customer: int, case: int) -> Iterator[Record]:
        for activity in self.find("activity", case=case, customer=customer):
            is_inbound_email = activity["activityType"] == "email" and activity["mode"] == "inbound"
            is_sent = _is_outbound_email(activity) and activity.get("sent") is not None
            if is_inbound_email or is_sent or activity["activityType"] in _VISIBLE_TYPES:
                yield activity

    def _case_for_staff(self, case: Record) -> Record:
        return _shown(case) | {"department": str(case["department"])} | self._customer(case, case["customer"])

    def _customer(self, case: Record, effective: int) -> Record:
        own = case["customer"] == effective
        return {"customer": self._records["customer"][effective]["name"] if own else None}


def _is_outbound_email(activity: Record) -> bool:
    return bool(activity["activityType"] == "email" and activity["mode"] == "outbound")


def _shown(case: Record) -> Record:
    return {"id": str(case["id"]), **{name: case[name] for name in ("subject", "status", "lastModified")}}


def _key(record: Record) -> Any:
    ends: dict[str, Sequence[str]] = {"departmentSharing": ("from", "to"), "customerGrant": ("customer", "on")}
    names = ends.get(record["type"])
    return tuple(record[name] for name in names) if names else record["id"]
