"""The trial: `python -m tests.faults`."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.faults.deployment import Deployment, deploy, find_missing, is_streaming, wait_until
from tests.faults.load import Load, Outcome, fill

Action = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Phase:
    """A fault.

    :param actions: what happens, with a pause after each.
    :param tolerated: the only problem that a request may have meanwhile.
    """

    name: str
    actions: tuple[Action, ...] = ()
    tolerated: str | None = None


def phases(deployment: Deployment) -> Iterator[Phase]:
    """List the faults, each of which leaves everything running."""
    node, other = deployment.nodes
    primary, replica = deployment.primary, deployment.replica
    yield Phase("nothing fails")
    yield Phase("a worker is killed (SIGKILL)", (node.kill_worker, other.kill_worker))
    yield Phase("a node is stopped and started", (node.stop, node.start))
    yield Phase("both nodes reload (HUP)", (node.reload, other.reload))
    yield Phase("the replica is stopped and started", (replica.stop, replica.start))
    wait_until(lambda: is_streaming(replica))
    yield Phase("the primary is stopped and started", (primary.stop, primary.start), tolerated="500-100")


def undergo(phase: Phase, load: Load, pause: float, patience: float) -> bool:
    """Let a phase happen under a load, and report how the requests went.

    :param pause: seconds after each action.
    :param patience: seconds after the last action for which requests may have the tolerated problem.
    :returns: whether they went as they should.
    """
    first = len(load.outcomes)
    over = time.monotonic()
    for action in phase.actions or (lambda: None,):
        action()
        over = time.monotonic()
        time.sleep(pause)
    outcomes = load.outcomes[first:]
    failed = [outcome for outcome in outcomes if outcome.problem]
    print(f"{phase.name:<36} {len(outcomes):>8} {len(failed):>7}  {_describe(failed, over)}", flush=True)
    return bool(outcomes) and all(
        outcome.problem == phase.tolerated and outcome.ended < over + patience for outcome in failed
    )


def _describe(failed: list[Outcome], over: float) -> str:
    kinds = Counter(outcome.problem for outcome in failed)
    described = ", ".join(f"{number} x {problem}" for problem, number in kinds.items())
    after = max((outcome.ended - over for outcome in failed), default=0)
    return f"{described}; the last one {after:.1f} s after the end" if failed else "-"


def main() -> None:
    """Run all phases; the exit status is 1 if a request went wrong that should not have."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether this machine has what it takes")
    parser.add_argument("--rate", type=float, default=80, help="requests a second (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=10, help="seconds after each action (default: %(default)s)")
    parser.add_argument(
        "--patience", type=float, default=2, help="seconds that the return of the primary may take to show"
    )
    arguments = parser.parse_args()
    if missing := find_missing():
        sys.exit(f"This machine has no {' and no '.join(missing)}: faults were not tried.")
    if arguments.check:
        return
    with deploy(fill) as deployment:
        load = Load(deployment.proxy_port, arguments.rate)
        with load.run():
            print(f"{'phase':<36} {'requests':>8} {'failed':>7}")
            passed = [undergo(phase, load, arguments.pause, arguments.patience) for phase in phases(deployment)]
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()
