"""Runs the fault tests: `python -m tests.faults`."""

import argparse
import shutil
import sys
from collections.abc import Iterator
from itertools import chain

from tests.faults.deployment import Deployment, deploy
from tests.faults.load import Load, fill
from tests.faults.overload import run_overload
from tests.faults.phases import HEADER, Phase, faults, hanging_worker, run_phase, slowness, slowness_at_once
from tests.faults.proxies import PROGRAMS, Proxy, installed, run_proxy
from tests.postgresql import find_binaries


def _find_missing() -> list[str]:
    """List the required programs that are not installed."""
    programs = {
        "nginx or HAProxy": installed(),
        "OpenSSL": shutil.which("openssl"),
        "PostgreSQL 15 or newer": find_binaries(),
    }
    return [name for name, found in programs.items() if not found]


def _phases(deployment: Deployment, proxy: Proxy, short: bool, first: bool) -> Iterator[Phase]:
    if not short:
        return chain(faults(deployment), [hanging_worker(deployment)], slowness(proxy))
    # The faults take the most time, and hardly depend on the proxy.
    return chain(faults(deployment) if first else (), [slowness_at_once(proxy)])


def main() -> None:
    """Run all phases; the exit status is 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only check whether the required programs are installed")
    parser.add_argument(
        "--proxy", choices=installed(), help="only through this proxy (default: each that is installed)"
    )
    parser.add_argument("--short", action="store_true", help="faults through one proxy, a mix of slow clients")
    parser.add_argument("--rate", type=float, default=80, help="requests per second (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=10, help="seconds after each action (default: %(default)s)")
    parser.add_argument(
        "--patience",
        type=float,
        default=2,
        help="seconds within which requests must succeed again (default: %(default)s)",
    )
    arguments = parser.parse_args()
    if missing := _find_missing():
        sys.exit(f"The fault tests are skipped. Missing on this machine: {', '.join(missing)}.")
    if arguments.check:
        return
    names = [arguments.proxy] if arguments.proxy else installed()
    if absent := PROGRAMS.keys() - installed():
        print(f"This machine has no {' and '.join(absent)}.")
    passed = []
    with deploy(fill) as deployment:
        for name in names:
            print(f"through {name}\n{HEADER}")
            with run_proxy(name, deployment) as proxy:
                load = Load(proxy, arguments.rate)
                with load.run():
                    for phase in _phases(deployment, proxy, arguments.short, first=name == names[0]):
                        passed.append(run_phase(phase, load, arguments.pause, arguments.patience))
        for name in () if arguments.short else names:
            print(f"through {name}, more requests than can be answered")
            with run_proxy(name, deployment) as proxy:
                passed.append(run_overload(proxy, deployment.nodes, arguments.pause))
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()
