"""Temporary PostgreSQL servers; as a command, its exit status is 0 if PostgreSQL is installed."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType

import psutil
import psycopg
import trustme
from sqlalchemy import URL

_USER = "casemgr"
_MIN_VERSION = 15
_DEFAULT_PORT = 5432
_SETTINGS = {
    # The data need not survive a crash of the machine.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "100",
}


def find_binaries() -> Path | None:
    """Find the folder of PostgreSQL 15 or newer: on the PATH, else the newest one in the folder of Debian."""
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    folders += sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in folders if _version(folder) >= _MIN_VERSION), None)


def _version(folder: Path) -> int:
    if not (folder / "initdb").exists():
        return 0
    command = [str(folder / "postgres"), "--version"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - a program in our own folder
    return int(output.split()[2].split(".")[0])


def unprivileged_user() -> str | None:
    """Select the user to run servers as, which refuse to run as root; None when this process is not root's."""
    if os.geteuid():
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true.

    :raises TimeoutError: after half a minute.
    """
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("It has not happened within half a minute.")
        time.sleep(0.02)


def free_ports(number: int) -> list[int]:
    """Find TCP ports of 127.0.0.1 that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [listener.getsockname()[1] for listener in sockets]


class Cluster:
    """A PostgreSQL server that runs for the duration of the `with` block, and is then removed."""

    def __init__(
        self, binaries: Path, primary: "Cluster | None" = None, certificate: trustme.LeafCert | None = None
    ) -> None:
        """Prepare a server.

        :param primary: makes the server a replica of that one.
        :param certificate: makes the server listen at 127.0.0.1 too, with TLS.
        """
        # Not in pytest's folder: the path of a Unix socket has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="casemgr-postgresql-"))
        self._binaries = binaries
        self._primary = primary
        self._certificate = certificate
        self.port = free_ports(1)[0] if certificate else _DEFAULT_PORT
        self._numbers = count(1)
        self._owner = unprivileged_user()

    def __enter__(self) -> "Cluster":
        if self._owner:
            shutil.chown(self.folder, self._owner)
        try:
            if self._primary:
                self._copy(self._primary)
            else:
                self._run("initdb", "-U", _USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
            if self._certificate:
                self._store_certificate(self._certificate)
            self.start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "-D", str(self.folder / "data"), *arguments]
        # A pipe would stay open, since the server inherits the output.
        with (self.folder / f"{program}.log").open("ab") as log:
            subprocess.run(command, user=self._owner, cwd=self.folder, stdout=log, stderr=log, check=True)  # noqa: S603

    def _store_certificate(self, certificate: trustme.LeafCert) -> None:
        path = self.folder / "data" / "server.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(path)
        # PostgreSQL refuses keys that others could read.
        path.chmod(0o600)
        if self._owner:
            shutil.chown(path, self._owner)

    def stop(self) -> None:
        """Stop the server and end all connections."""
        self._run("pg_ctl", "stop", "--wait", "--mode=fast")

    def start(self) -> None:
        """Start the server again."""
        settings = _SETTINGS | {"unix_socket_directories": str(self.folder), "port": str(self.port)}
        if self._certificate:
            files = dict.fromkeys(("ssl_cert_file", "ssl_key_file"), "server.pem")
            settings |= {"listen_addresses": "127.0.0.1", "ssl": "on", **files}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "start", "--wait", "-l", str(self.folder / "log"), "-o", options)

    def promote(self) -> None:
        """Make a replica a primary."""
        self._run("pg_ctl", "promote", "--wait")

    def follow(self, primary: "Cluster") -> None:
        """Start the server, which is stopped, as a replica of another one."""
        shutil.rmtree(self.folder / "data")
        self._copy(primary)
        self.start()

    def _copy(self, primary: "Cluster") -> None:
        source = ("-h", str(primary.folder), "-p", str(primary.port), "-U", _USER)
        self._run("pg_basebackup", *source, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")

    def suspend(self) -> None:
        """Make the server hang: its processes stop, its sockets stay open."""
        self._signal(psutil.Process.suspend)

    def resume(self) -> None:
        """Let the server go on."""
        self._signal(psutil.Process.resume)

    def _signal(self, signal: Callable[[psutil.Process], None]) -> None:
        server = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0]))
        # The parent first, so that a suspended one starts no others.
        for process in [server, *server.children()]:
            # The children of one that goes on may end at any time.
            with suppress(psutil.NoSuchProcess):
                signal(process)

    def url(self, database: str) -> URL:
        """Return the URL of a database."""
        query = {"host": str(self.folder), "port": str(self.port)}
        return URL.create("postgresql+psycopg", _USER, database=database, query=query)

    def execute(self, statement: str) -> None:
        """Run a statement that cannot be part of a transaction."""
        server = f"host={self.folder} port={self.port} user={_USER} dbname=postgres"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[URL]:
        """Create a database for the duration of the `with` block."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield self.url(name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    sys.exit(find_binaries() is None)
