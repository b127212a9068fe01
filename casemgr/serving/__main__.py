"""gunicorn for `casemgr serve`, which checks the addresses first and does not import from the working directory."""

import os
import socket
import sys

from gunicorn.app.wsgiapp import WSGIApplication

_INHERITED = {"LISTEN_FDS", "GUNICORN_PID"}
"""Environment variables that announce open sockets: from systemd, or from a gunicorn that this one replaces."""


class _Application(WSGIApplication):
    def chdir(self) -> None:
        # gunicorn would also put the directory first on sys.path, where another app.py may be.
        os.chdir(self.cfg.chdir)

    def run(self) -> None:
        if not (_INHERITED & os.environ.keys() or self.cfg.reuse_port):
            for address in self.cfg.address:
                _check_address(address)
        super().run()


def _check_address(address: object) -> None:
    """Check that nobody else listens on an address; gunicorn would log three lines a second for five seconds."""
    if not isinstance(address, tuple):
        # A Unix socket, which gunicorn replaces, or an open one.
        return
    host, port = address
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        sys.exit(f"Error: {host}, port {port}, cannot be used: {error.strerror}. Choose others: --host and --port.")


if __name__ == "__main__":
    _Application(prog="casemgr serve").run()
