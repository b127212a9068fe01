"""An installation of the package: its commands, its databases and its service."""

import os
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import psycopg
from sqlalchemy import URL, inspect

from casemgr.database.engine import create_engine
from casemgr.database.models import Base
from casemgr.database.schema import migrate
from tests.live.server import Server
from tests.postgresql import Cluster
from tests.wheel import install

_SETTINGS = {"CASEMGR_TOKEN_LIFETIME": "12h"}
"""Settings of the service: a token lasts as long as a session, since a month takes longer than an hour if need be."""

_PAUSE = 0.05
"""Seconds between two requests while a command runs."""


class Done(NamedTuple):
    """The result of a command."""

    status: int
    output: str
    messages: str


class Installation:
    """The package in a virtual environment, whose commands and service run in an empty folder."""

    def __init__(self, stack: ExitStack, folder: Path, binaries: Path) -> None:
        """Install the package and create an empty database.

        :param stack: ends everything that the installation starts.
        :param folder: an empty folder.
        :param binaries: the folder of PostgreSQL.
        """
        self._stack = stack
        self._binaries = binaries
        self._folder = folder / "empty"
        self._folder.mkdir()
        self._command = install(folder) / "casemgr"
        self._cluster = stack.enter_context(Cluster(binaries))
        self._listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._server: Server | None = None
        stack.callback(self.stop)
        self.database = self.create_database()

    @property
    def server(self) -> Server:
        """The service, which runs."""
        assert self._server
        return self._server

    def create_database(self) -> URL:
        """Create an empty database."""
        return self._stack.enter_context(self._cluster.database())

    def run(self, *arguments: str, standard_input: bytes = b"", meanwhile: Callable[[], object] = lambda: None) -> Done:
        """Run a command of casemgr.

        :param meanwhile: called again and again until the command has ended.
        """
        environment = os.environ | {"CASEMGR_DATABASE_URL": _as_text(self.database)}
        # From a file, since communicate() writes no more to a pipe after a timeout.
        with TemporaryFile() as stdin:
            stdin.write(standard_input)
            stdin.seek(0)
            process = subprocess.Popen(  # noqa: S603 - the arguments are ours
                [self._command, *arguments],
                cwd=self._folder,
                env=environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        with process:
            while True:
                try:
                    output, messages = process.communicate(timeout=_PAUSE)
                    return Done(process.returncode, output.decode(), messages.decode())
                except subprocess.TimeoutExpired:
                    meanwhile()

    def serve(self, *options: str) -> None:
        """Start the service; connections wait until it is ready."""
        self._server = Server(
            self.database, self._listener, _SETTINGS, [str(self._command), "serve", *options], folder=self._folder
        )

    def try_to_serve(self) -> Done:
        """Start the service where it has to refuse; otherwise it ends because the port is taken."""
        return self.run("serve", "--port", str(self._listener.getsockname()[1]))

    def stop(self) -> None:
        """Stop the service if it runs."""
        if self._server:
            self._server.stop()
            self._server = None

    def back_up(self) -> Path:
        """Back up the database, as docs/operations.md describes it."""
        path = self._folder.with_name("casemgr.dump")
        with path.open("wb") as dump:
            self._run_postgresql("pg_dump", "-Fc", _as_text(self.database), stdout=dump.fileno())
        return path

    def restore(self, backup: Path) -> None:
        """Restore a backup into an empty database, and use that one from now on."""
        self.database = self.create_database()
        self._run_postgresql("pg_restore", "-d", _as_text(self.database), str(backup))

    def _run_postgresql(self, program: str, *arguments: str, stdout: int | None = None) -> None:
        subprocess.run([self._binaries / program, *arguments], stdout=stdout, check=True)  # noqa: S603

    def downgrade(self) -> None:
        """Copy everything into a database whose schema is of the revision before, and use that one from now on.

        A migration only adds, so an older database with the same data is one that has no more columns than these.
        """
        newer = self.database
        self.database = self.create_database()
        engine = create_engine(self.database)
        migrate(engine, "head-1")
        older = inspect(engine)
        columns = {name: [column["name"] for column in older.get_columns(name)] for name in older.get_table_names()}
        engine.dispose()
        with psycopg.connect(_as_text(newer)) as source, psycopg.connect(_as_text(self.database)) as target:
            for table in Base.metadata.sorted_tables:
                if table.name in columns:
                    listed = f"{table.name} ({', '.join(columns[table.name])})"
                    # The migrations have stored some rows.
                    target.execute(f"TRUNCATE {table.name} CASCADE".encode())
                    with (
                        source.cursor().copy(f"COPY {listed} TO STDOUT".encode()) as rows,
                        target.cursor().copy(f"COPY {listed} FROM STDIN".encode()) as stored,
                    ):
                        for row in rows:
                            stored.write(row)
            for sequence in source.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value > 0"):
                target.execute("SELECT setval(%s, %s)", sequence)


def _as_text(database: URL) -> str:
    return database.set(drivername="postgresql").render_as_string(hide_password=False)
