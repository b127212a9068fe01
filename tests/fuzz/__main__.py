"""Runs the fuzz tests: `python -m tests.fuzz`."""

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import URL

from casemgr.config import DATABASE_URL
from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate
from casemgr.domain.actors import ActorKind
from casemgr.http.paths import BASE_PATH
from tests.factories import store_demo_data
from tests.fuzz.hooks import ACTOR
from tests.live.server import ROOT, Server

_CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
_SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


def run_schemathesis(server: Server, folder: Path, actor: ActorKind | None, seed: int, examples: int) -> bool:
    """Run Schemathesis with the credentials of an actor and print its findings in the end.

    :param folder: the working folder of Schemathesis, in which it leaves files.
    :param actor: None for requests without credentials.
    :returns: whether there are no findings.
    """
    command = [
        *(str(_SCHEMATHESIS), "--config-file", str(_CONFIGURATION), "run", server.url(f"{BASE_PATH}/openapi.json")),
        *("--checks", "all", "--seed", str(seed), "--max-examples", str(examples)),
        *([] if actor else ["--warnings", "off"]),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), ACTOR: actor or ""}
    finished = subprocess.run(  # noqa: S603 - the arguments are ours
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
    )
    actors = f"of a {actor}" if actor else "without credentials"
    print(f"\nRequests {actors}".replace("_", " "), finished.stdout, sep="\n", flush=True)
    return finished.returncode == 0


def main() -> None:
    """Run Schemathesis for every kind of actor; the exit status is 1 if there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        help="seed of the generated requests; 0 chooses one at random (default: %(default)s)",
    )
    parser.add_argument(
        "--examples", type=int, default=3, help="number of requests for each operation (default: %(default)s)"
    )
    arguments = parser.parse_args()
    seed = arguments.seed or random.randrange(1, 2**32)  # noqa: S311 - the seed is no secret
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="casemgr-fuzz-")))
        url = URL.create("sqlite", database=str(folder / "casemgr.db"))
        fill(url)
        os.environ[DATABASE_URL] = str(url)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server = Server(url, listener, {"CASEMGR_TRUSTED_PROXIES": "127.0.0.1"})
        stack.callback(server.stop)
        # Schemathesis uses one core, and starts slowly.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [
                pool.submit(run_schemathesis, server, folder, actor, seed, arguments.examples)
                for actor in (None, *ActorKind)
            ]
            passed = [run.result() for run in runs]
    sys.exit(not all(passed))


def fill(url: URL) -> None:
    """Store the demo data in a new database."""
    engine = create_engine(url)
    migrate(engine)
    store_demo_data(engine)
    engine.dispose()


if __name__ == "__main__":
    main()
