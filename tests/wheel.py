"""The package, as `make dist` builds it, in a virtual environment that does not know the checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

from tests.live.server import ROOT

_SECONDS = 120
"""Timeout of every command; building takes six seconds if nothing else runs."""


def run(command: Sequence[str | Path], folder: Path, **settings: str) -> str:
    """Run a command that has to succeed, and return its output."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MAKEFLAGS"}}
    return subprocess.run(  # noqa: S603 - the arguments are ours
        command,
        cwd=folder,
        env=environment | settings,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_SECONDS,
        check=True,
    ).stdout


def install(folder: Path) -> Path:
    """Build the package, and install it beside the dependencies of this environment.

    :param folder: gets the folders `dist` and `venv`.
    :returns: the folder of its commands.
    """
    # -o: this environment is complete, and other tests are using it.
    run(
        ["make", "-s", "dist", f"DIST={folder}/dist", "-o", ".venv/run.stamp", f"BIN={Path(sys.executable).parent}"],
        ROOT,
    )
    [wheel] = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    commands = folder / "venv" / "bin"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", commands / "python"]
    run([*pip, "install", "-q", "--no-index", "--no-deps", wheel], folder)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    # Of a folder that a .pth file names, Python does not read the .pth files: that of the checkout has no effect.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return commands
