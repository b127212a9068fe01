"""The phases of a trial: what fails, and what the clients of the load may notice of it."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from tests.faults.deployment import Deployment, is_streaming
from tests.faults.load import Load
from tests.faults.proxies import Proxy
from tests.faults.slow_clients import KINDS, NUMBER, slow_clients
from tests.postgresql import wait_until

Action = Callable[[], None]
HEADER = f"{'phase':<52} {'requests':>8} {'failed':>7} {'longest ms':>10} {'recovered s':>11}"
_UNTIL_RETRIED = 6
"""Seconds after which every process of a node has tried again to use a primary that was lost."""

_LONGEST = 2
"""Seconds that a request may take beside slow clients, or beside a server that hangs."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a trial.

    :param actions: what is done, with a pause after each action.
    :param during: what goes on during the phase.
    :param tolerated: the only problem that logins and logouts may have in this phase; None when they must succeed, as
        every request for cases must.
    :param longest: seconds that a request may take.
    """

    name: str
    actions: tuple[Action, ...] = (lambda: None,)
    during: Callable[[], AbstractContextManager[None]] = nullcontext
    tolerated: str | None = None
    longest: float = math.inf


def faults(deployment: Deployment) -> Iterator[Phase]:
    """List the faults; after each of them everything runs again."""
    node, other = deployment.nodes
    primary, replica = deployment.primary, deployment.replica
    put_off = partial(Phase, tolerated="503-100")
    yield Phase("nothing fails")
    yield Phase("a worker is killed (SIGKILL)", (node.kill_worker, other.kill_worker))
    yield Phase("a node is stopped and started", (node.stop, node.start))
    yield Phase("both nodes reload (HUP)", (node.reload, other.reload))
    yield Phase("the replica is stopped and started", (replica.stop, replica.start))
    wait_until(lambda: is_streaming(replica))
    yield Phase("the replica hangs (SIGSTOP)", (replica.suspend, replica.resume), longest=_LONGEST)
    wait_until(lambda: is_streaming(replica))
    yield put_off("the primary is stopped and started", (primary.stop, primary.start))
    wait_until(lambda: is_streaming(replica))
    yield put_off("the primary hangs (SIGSTOP)", (primary.suspend, primary.resume))
    wait_until(lambda: is_streaming(replica))
    swap = (primary.stop, deployment.promote_replica, deployment.return_as_replica)
    yield put_off("the primary is lost, the replica promoted", swap)
    wait_until(lambda: is_streaming(deployment.replica))
    # Until then, a process may not have tried the new primary yet.
    time.sleep(_UNTIL_RETRIED)


def hanging_worker(deployment: Deployment) -> Phase:
    """Make a worker hang; it takes some time until its master notices."""
    node, _ = deployment.nodes
    return Phase("a worker hangs (SIGSTOP) and is replaced", (node.replace_hanging_worker,))


def slowness(proxy: Proxy) -> Iterator[Phase]:
    """List the kinds of slow clients."""
    for kind in KINDS:
        during = partial(slow_clients, [kind], proxy)
        yield Phase(f"{NUMBER} clients {kind.name}", during=during, longest=_LONGEST)


def slowness_at_once(proxy: Proxy) -> Phase:
    """Mix the kinds of slow clients."""
    hold = (lambda: None,) * (_LONGEST + 1)
    during = partial(slow_clients, KINDS, proxy)
    return Phase(f"{NUMBER} slow clients of all kinds", hold, during, longest=_LONGEST)


def run_phase(phase: Phase, load: Load, pause: float, patience: float) -> bool:
    """Run a phase under load, and print the number of requests, their problems and the longest time of one.

    :param pause: seconds after each action.
    :param patience: seconds after the last action in which requests may have the tolerated problem.
    :returns: whether the phase passed.
    """
    first = len(load.outcomes)
    ended = time.monotonic()
    with phase.during():
        for action in phase.actions:
            action()
            ended = time.monotonic()
            time.sleep(pause)
        outcomes = load.outcomes[first:]
        longest = max([load.longest_wait(), *(outcome.ended - outcome.started for outcome in outcomes)])
    failed = [outcome for outcome in outcomes if outcome.problem]
    recovered = max((outcome.ended - ended for outcome in failed), default=0)
    kinds = Counter(outcome.problem for outcome in failed)
    print(
        f"{phase.name:<52} {len(outcomes):>8} {len(failed):>7} {longest * 1000:>10.0f} {max(recovered, 0):>11.1f}",
        ", ".join(f"{number} x {problem}" for problem, number in kinds.items()),
        flush=True,
    )
    return (
        bool(outcomes)
        and longest < phase.longest
        and recovered < patience
        and all(outcome.problem == phase.tolerated and not outcome.is_read for outcome in failed)
    )
