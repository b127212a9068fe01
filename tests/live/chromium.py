"""The browser that the tests drive."""

import os
import shutil

ARGUMENTS = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
"""Chromium refuses a sandbox to root."""


def find_chromium() -> str | None:
    """Locate the Chromium of this machine, if it has one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")
