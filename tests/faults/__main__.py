"""Runs the fault tests: `python -m tests.faults`."""

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

    :param actions: what is done, with a pause after each action.
    :param tolerated: the only problem that requests may have in this phase; None when every request must succeed.
    """

    name: str
    actions: tuple[Action, ...] = ()
    tolerated: str | None = None


def phases(deployment: Deployment) -> Iterator[Phase]:
    """List the faults; after each of them everything runs again."""
    node, other = deployment.nodes
    primary, replica = deployment.primary, deployment.replica
    yield Phase("nothing fails")
    yield Phase("a worker is killed (SIGKILL)", (node.kill_worker, other.kill_worker))
    yield Phase("a node is stopped and started", (node.stop, node.start))
    yield Phase("both nodes reload (HUP)", (node.reload, other.reload))
    yield Phase("the replica is stopped and started", (replica.stop, replica.start))
    wait_until(lambda: is_streaming(replica))
    yield Phase("the primary is stopped and started", (primary.stop, primary.start), tolerated="500-100")


def run_phase(phase: Phase, load: Load, pause: float, patience: float) -> bool:
    """Run a phase under load, and print the number of requests and their problems.

    :param pause: seconds after each action.
    :param patience: seconds after the last action in which requests may have the tolerated problem.
    :returns: whether the phase passed.
    """
    first = len(load.outcomes)
    ended = time.monotonic()
    for action in phase.actions or (lambda: None,):
        action()
        ended = time.monotonic()
        time.sleep(pause)
    outcomes = load.outcomes[first:]
    failed = [outcome for outcome in outcomes if outcome.problem]
    print(f"{phase.name:<36} {len(outcomes):>8} {len(failed):>7}  {_describe(failed, ended)}", flush=True)
    return bool(outcomes) and all(
        outcome.problem == phase.tolerated and outcome.ended < ended + patience for outcome in failed
    )


def _describe(failed: list[Outcome], phase_ended: float) -> str:
    kinds = Counter(outcome.problem for outcome in failed)
    described = ", ".join(f"{number} x {problem}" for problem, number in kinds.items())
    after = max((outcome.ended - phase_ended for outcome in failed), default=0)
    return f"{described}; the last one {after:.1f} s after the end" if failed else "-"


def main() -> None:
    """Run all phases; the exit status is 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only check whether the required programs are installed")
    parser.add_argument("--rate", type=float, default=80, help="requests per second (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=10, help="seconds after each action (default: %(default)s)")
    parser.add_argument(
        "--patience",
        type=float,
        default=2,
        help="seconds within which requests must succeed again (default: %(default)s)",
    )
    arguments = parser.parse_args()
    if missing := find_missing():
        sys.exit(f"The fault tests are skipped. Missing on this machine: {', '.join(missing)}.")
    if arguments.check:
        return
    with deploy(fill) as deployment:
        load = Load(deployment.proxy_port, arguments.rate)
        with load.run():
            print(f"{'phase':<36} {'requests':>8} {'failed':>7}")
            passed = [run_phase(phase, load, arguments.pause, arguments.patience) for phase in phases(deployment)]
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()
