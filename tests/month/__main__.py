"""Walks through a simulated month of an installation on PostgreSQL: `python -m tests.month`."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.month.callers import Tally
from tests.month.installation import Installation
from tests.month.walk import Walk
from tests.postgresql import find_binaries

_SHOWN = 5
"""The number of wrong results of a step that are printed."""


def main() -> None:
    """Run all steps; the exit status is 1 if callers saw anything wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.month", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one day with one delta, not 30 days with 24")
    parser.add_argument("--seed", type=int, default=1, help="seed of the records and requests (default: %(default)s)")
    arguments = parser.parse_args()
    binaries = find_binaries()
    if not binaries:
        print("This machine has no PostgreSQL 15 or newer: the simulated month is skipped.")
        return
    days, hours = (1, 1) if arguments.short else (30, 24)
    failed = False
    print("| step | done | checked | wrong |\n| --- | --- | --: | --: |")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="casemgr-month-")))
        walk = Walk(Installation(stack, folder, binaries), arguments.seed)
        for step in walk.steps(days, hours):
            walk.tally = Tally()
            done = step.act()
            wrong = walk.tally.wrong
            print(f"| {step.name} | {done} | {walk.tally.checked} | {len(wrong)} |", flush=True)
            print("".join(f"  wrong: {sentence}\n" for sentence in wrong[:_SHOWN]), end="", flush=True)
            failed = failed or bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
