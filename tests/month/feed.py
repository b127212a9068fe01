"""The feed: a dataset to begin with, and the changes of each hour."""

from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from tests import factories
from tests.factories import Record
from tests.month.world import World

_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
SUPPORT, BILLING, LEGAL = 10, 11, 12
"""Departments: Billing shares its activities with Support."""

ADA, BEN, GRACE, ALAN, BRIDGE = 20, 21, 30, 31, 40
"""Accounts: the user of Support, the user of Legal, two customers and a client application."""

PASSWORD = "wide as the sea"
_CUSTOMERS = range(30, 38)
_KINDS = [
    ("email", "inbound"),
    ("email", "outbound"),
    ("chat", "inbound"),
    ("calltrack", "outbound"),
    ("social", "inbound"),
    ("task", "inbound"),
    ("generic", "inbound"),
]


class Feed:
    """Makes datasets; the same ones each time for the same seed."""

    def __init__(self, seed: int) -> None:
        # These numbers are no secrets.
        self._random = Random(seed)  # noqa: S311
        self._case_ids = count(1000)
        self._activity_ids = count(5000)
        self._hour = 0

    def full(self) -> list[Record]:
        """Make the first dataset, which has the accounts with their passwords."""
        accounts = [
            factories.user(ADA, loginId="ada", department=SUPPORT, password=PASSWORD),
            factories.user(BEN, loginId="ben", department=LEGAL, password=PASSWORD),
            *(
                factories.customer(number, f"Customer {number}", loginId=f"customer-{number}")
                | ({"password": PASSWORD} if number in (GRACE, ALAN) else {})
                for number in _CUSTOMERS
            ),
            factories.client_application(BRIDGE, clientId="bridge", clientSecret=PASSWORD),
        ]
        cases = [self._new_case(customer) for customer in [*_CUSTOMERS] * 4]
        return [
            factories.department(SUPPORT, "Support"),
            factories.department(BILLING, "Billing"),
            factories.department(LEGAL, "Legal"),
            factories.sharing(BILLING, SUPPORT),
            factories.role(),
            *accounts,
            *cases,
            *(self.new_activity(case, case["customer"]) for case in cases for _ in range(2)),
        ]

    def delta(self, world: World, *others: Record) -> list[Record]:
        """Make the dataset of the next hour: records first, then deletions.

        :param world: the records before this hour.
        :param others: more records, which come first.
        """
        self._hour += 1
        cases, activities, customers = (world.find(kind) for kind in ("case", "activity", "customer"))
        changed = [self._change(case) for case in self._random.sample(cases, 2)]
        created = [self._new_case(self._random.choice(customers)["id"]) for _ in range(2)]
        # Anybody may write to a case, such as a colleague of the customer.
        written = [
            self.new_activity(case, self._random.choice([case["customer"], self._random.choice(customers)["id"]]))
            for case in (*created, *changed)
        ]
        unsent = world.find("activity", activityType="email", mode="outbound", sent=None)
        sent = [{**activity, "sent": self._now()} for activity in self._random.sample(unsent, min(2, len(unsent)))]
        cases = [case for case in cases if case["id"] not in {record["id"] for record in changed}]
        deleted = self._random.choice(cases)
        activity = self._random.choice(activities)
        sent = [record for record in sent if record["case"] != deleted["id"]]
        return [*others, *changed, *created, *written, *sent, deletion(activity), deletion(deleted)]

    def erasure(self, world: World, customer: int) -> list[Record]:
        """Make the deletions of everything that mentions a customer, and of the customer."""
        mentions = [*world.find("activity", customer=customer), *world.find("case", customer=customer)]
        return [*map(deletion, [*mentions, *world.find("customer", id=customer)])]

    def new_activity(self, case: Record, customer: int) -> Record:
        """Make an activity of a case."""
        kind, mode = self._random.choice(_KINDS)
        return factories.activity(
            next(self._activity_ids),
            case=case["id"],
            customer=customer,
            activityType=kind,
            mode=mode,
            created=self._now(),
            read=self._random.random() < 0.5,
        )

    def _now(self) -> str:
        return f"{_BEGIN + timedelta(hours=self._hour):%Y-%m-%dT%H:%M:%S}.000Z"

    def _new_case(self, customer: int) -> Record:
        department = self._random.choice([SUPPORT, SUPPORT, BILLING, LEGAL])
        return factories.case(
            next(self._case_ids),
            department=department,
            customer=customer,
            created=self._now(),
            lastModified=self._now(),
        )

    def _change(self, case: Record) -> Record:
        status = self._random.choice(["open", "closed"])
        return {**case, "status": status, "subject": f"Hour {self._hour}", "lastModified": self._now()}


def deletion(record: Record) -> Record:
    """Make the deletion of a record with an ID."""
    return {"type": record["type"], "id": record["id"], "deleted": True}
