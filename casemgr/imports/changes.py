"""The changes of an import, counted by type of record (contract DAT-5)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from casemgr.imports.record_types import RECORD_TYPES


class Change(StrEnum):
    """A change by one record of a dataset."""

    CREATED = "created"
    REPLACED = "replaced"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of an import.

    :param records: the number of records in the dataset, those that had nothing to delete included.
    :param counts: the number of records by type and change. What is deleted together with a record does not count.
    """

    records: int
    counts: Counter[tuple[str, Change]]

    def describe(self) -> Iterator[str]:
        """Describe the changes, one line for each type of which there are any: `case: 3 created, 2 deleted`."""
        for name in RECORD_TYPES:
            numbers = [f"{self.counts[name, change]} {change}" for change in Change if self.counts[name, change]]
            if numbers:
                yield f"{name}: {', '.join(numbers)}"
