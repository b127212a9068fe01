"""Finds what the test of the container image needs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

_DOCKERFILE = Path(__file__).resolve().parents[2] / "Dockerfile"


def find_base_image() -> str | None:
    """Return the base image: BASE_IMAGE, or that of the Dockerfile.

    :returns: None if Buildah is not installed or has no copy of the image.
    """
    if not shutil.which("buildah"):
        return None
    default = re.search(r"^ARG BASE=(.*)$", _DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert default
    image = os.environ.get("BASE_IMAGE") or default[1]
    inspection = ["buildah", "inspect", "--type", "image", image]
    return image if subprocess.run(inspection, capture_output=True, check=False).returncode == 0 else None  # noqa: S603
