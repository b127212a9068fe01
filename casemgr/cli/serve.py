"""The command that serves the API."""

import os
import sys
from pathlib import Path

import click

from casemgr.cli.database import migrate_database
from casemgr.cli.shell import Command, open_database
from casemgr.config.parsers import Address
from casemgr.i18n.translation import check_catalogues
from casemgr.serving import environment

_DEFAULT_HOST = "127.0.0.1"


@click.command(
    "serve",
    cls=Command,
    changes=False,
    epilog="""
    Environment:
      PORT, WEB_CONCURRENCY  Stand for --port and --workers.
      GUNICORN_CMD_ARGS      All other options of gunicorn, such as
                             "--bind unix:/run/casemgr.sock --log-level warning"

    Examples:
      $ casemgr serve
      $ casemgr serve --init-db --host 0.0.0.0 --port 8080 --workers 4
    """,
)
@click.option("--host", metavar="ADDRESS", help=f"The address to listen on.  [default: {_DEFAULT_HOST}]")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", help="The port to listen on.  [default: PORT or 8000]"
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="The number of processes.  [default: WEB_CONCURRENCY or the number of cores]",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="The number of threads of each process.  [default: CASEMGR_POOL_SIZE + 27]",
)
@click.option("--init-db", is_flag=True, help="Create or migrate the schema first, as 'casemgr init-db' does.")
def serve(host: str | None, port: int | None, workers: int | None, threads: int | None, init_db: bool) -> None:
    """Serve the API with gunicorn until Ctrl-C or SIGTERM.

    The command refuses to start when a setting is wrong, the database cannot be reached, its schema is not of this
    version, a message catalogue is missing, or the port is taken. SIGHUP loads the code anew without losing a request.
    """
    default_port = environment.read_port()
    environment.read_workers()
    check_catalogues()
    if init_db:
        migrate_database()
    open_database().dispose()
    options: dict[str, object] = {"--workers": workers, "--threads": threads}
    if host or port:
        options["--bind"] = Address(host or _DEFAULT_HOST, port or default_port)
    if not os.environ.get(environment.WORKERS):
        # gunicorn cannot read an empty one.
        os.environ.pop(environment.WORKERS, None)
    # -P keeps the working directory off sys.path.
    command = [sys.executable, "-P", "-m", "casemgr.serving", "--config", _configuration()]
    command += [f"{name}={value}" for name, value in options.items() if value is not None]
    os.execv(sys.executable, [*command, "app:create_app()"])  # noqa: S606 - no shell is wanted


def _configuration() -> str:
    # A file and not a module, since gunicorn reads only files again when it reloads.
    return str(Path(environment.__file__).with_name("configuration.py"))
