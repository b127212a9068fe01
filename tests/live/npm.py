"""Runs the programs of the npm packages that tests/npm lists."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.live.server import ROOT, SECONDS

FOLDER = ROOT / "tests" / "npm"
NODE_MODULES = FOLDER / "node_modules"

# The linter must not look for a newer version of itself.
_SETTINGS = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def has_npm_packages() -> bool:
    """Tell whether `make` has installed the packages, which it does where npm is."""
    return shutil.which("node") is not None and (NODE_MODULES / ".package-lock.json").exists()


def run_npm(program: str, *arguments: str | Path, folder: Path, statuses: tuple[int, ...] = (0,)) -> str:
    """Run a program of the packages, or `node` itself.

    :param statuses: the exit statuses that are no failure.
    :returns: standard output.
    """
    path = program if program == "node" else NODE_MODULES / ".bin" / program
    process = subprocess.run(  # noqa: S603 - the arguments are ours
        [path, *arguments], cwd=folder, env=os.environ | _SETTINGS, capture_output=True, text=True, timeout=SECONDS
    )
    assert process.returncode in statuses, process.stdout + process.stderr
    return process.stdout


def lint(program: str, *arguments: str | Path, folder: Path) -> Any:
    """Run a linter that prints its findings as JSON; its exit status is 1 if there are any."""
    return json.loads(run_npm(program, "lint", "--format=json", *arguments, folder=folder, statuses=(0, 1)))
