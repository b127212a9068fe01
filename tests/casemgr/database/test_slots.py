"""Slots: how many threads do something at a time, and what the others do meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from casemgr.database.databases import BusyError, Slots

NUMBER = 2


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def hold(slots: Slots, entered: Barrier, released: Event) -> None:
    with slots:
        entered.wait(10)
        released.wait(10)


def hold_all(pool: ThreadPoolExecutor, slots: Slots) -> Event:
    """Take all slots in threads of their own, until the event is set."""
    entered, released = Barrier(NUMBER + 1), Event()
    for _ in range(NUMBER):
        pool.submit(hold, slots, entered, released)
    entered.wait(10)
    return released


def test_a_thread_is_refused_when_those_with_slots_hang(pool: ThreadPoolExecutor) -> None:
    slots = Slots("tests", NUMBER, patience=0)
    released = hold_all(pool, slots)
    with pytest.raises(BusyError), slots:
        pass
    released.set()


def test_a_thread_waits_for_a_slot_as_long_as_there_is_progress(pool: ThreadPoolExecutor) -> None:
    slots = Slots("tests", NUMBER, patience=10)
    released = hold_all(pool, slots)
    waiting = pool.submit(slots.__enter__)
    assert not waiting.done()
    released.set()
    assert waiting.result(10) is None


def test_only_so_many_threads_wait(pool: ThreadPoolExecutor) -> None:
    slots = Slots("tests", NUMBER, patience=10, waiting=0)
    released = hold_all(pool, slots)
    with pytest.raises(BusyError), slots:
        pass
    released.set()


def test_slots_can_be_taken_again_once_they_are_returned(pool: ThreadPoolExecutor) -> None:
    slots = Slots("tests", NUMBER, patience=0)
    hold_all(pool, slots).set()
    pool.shutdown()
    for _ in range(NUMBER + 1):
        with slots:
            pass
