"""The image that the Dockerfile describes, and what compose.yaml does with docs/nginx.conf."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from casemgr.http.paths import DOCS_PATH
from tests.live.buildah import find_base_image
from tests.live.server import ROOT

_SECONDS = 300
_USER = "10001"


def buildah(*arguments: str) -> str:
    command = ["buildah", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=_SECONDS, check=True)  # noqa: S603
    return done.stdout.strip()


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """Build the image and create a container of it."""
    image = buildah("build", "--quiet", "--format", "docker", "--build-arg", f"BASE={find_base_image()}", ".")
    container = buildah("from", image)
    yield container
    buildah("rm", container)
    buildah("rmi", image)


@pytest.mark.container
def test_the_image_has_the_package_and_nothing_to_build_with(container: str) -> None:
    assert buildah("run", container, "casemgr", "--version").startswith("casemgr, version ")
    assert buildah("run", container, "id", "--user") == _USER
    installed = "import importlib.util as u; print([n for n in ('pip', 'setuptools', 'pytest') if u.find_spec(n)])"
    assert buildah("run", container, "python3", "-c", installed) == "[]"


@pytest.mark.container
def test_the_image_serves_and_knows_that_it_is_healthy(container: str, tmp_path: Path) -> None:
    config = json.loads(buildah("inspect", container))["Docker"]["config"]
    volume = tmp_path / "volume"
    volume.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    run = ["run", "--volume", f"{volume}:{config['WorkingDir']}:U", "--env", f"PORT={port}", container]
    health = ["buildah", *run, *config["Healthcheck"]["Test"][1:]]
    assert subprocess.run(health, capture_output=True, check=False).returncode != 0  # noqa: S603
    command = ["buildah", *run, *config["Entrypoint"], *config["Cmd"]]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as service:  # noqa: S603
        assert service.stderr
        try:
            next(line for line in service.stderr if "Booting worker" in line)
            assert subprocess.run(health, check=False).returncode == 0  # noqa: S603
            # A file of the package that comes from outside it.
            with urlopen(f"http://127.0.0.1:{port}{DOCS_PATH}/guide.md", timeout=_SECONDS) as guide:
                assert guide.read().startswith(b"# Guide")
        finally:
            os.killpg(service.pid, signal.SIGTERM)
    assert {path.name for path in volume.iterdir()} == {"casemgr.db"}


def test_the_proxy_of_compose_passes_requests_to_the_service_alone(tmp_path: Path) -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    edit, _, _ = compose["services"]["proxy"]["command"][-1].partition("&&")
    result = tmp_path / "nginx.conf"
    edit = edit.replace("/tmp/nginx.conf", str(result)).replace("/etc/casemgr", str(ROOT / "docs"))  # noqa: S108
    subprocess.run(["sh", "-c", edit], check=True)  # noqa: S603, S607
    assert re.findall(r"^ +server (\S+) ", result.read_text(encoding="utf-8"), re.MULTILINE) == ["casemgr:8000"]
