"""Finds the browser for tests of the documentation page."""

import os
import shutil

ARGUMENTS = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
"""Chromium cannot use its sandbox as root."""


def find_chromium() -> str | None:
    """Return the path of Chromium; None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")
