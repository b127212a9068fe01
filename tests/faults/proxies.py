"""Starts a proxy in front of the nodes, with the configuration that docs/ has of it."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.deployment import ROOT, SECONDS, Deployment, is_ready
from tests.postgresql import free_ports, wait_until


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy, which speaks TLS on a port of this machine.

    :param context: trusts the certificate of the proxy.
    """

    port: int
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Program:
    """A program that can be the proxy.

    :param configuration: its file in docs/.
    :param examples: texts in the file and what stands there in a trial, in which `{name}` is a value of the trial.
    :param command: the program and its arguments, with the same values.
    """

    configuration: str
    examples: Mapping[str, str]
    command: Sequence[str]


_NODES = {"127.0.0.1:8001": "127.0.0.1:{nodes[0].port}", "127.0.0.1:8002": "127.0.0.1:{nodes[1].port}"}
_TEMPORARY = "".join(
    f"{kind}_temp_path {{folder}}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)
PROGRAMS: Mapping[str, Program] = {
    "nginx": Program(
        "nginx.conf",
        {
            "/var/log/nginx/": "{folder}/nginx-",
            "http {": f"http {{{{ {_TEMPORARY}",
            "listen 80;": "listen 127.0.0.1:{ports[1]};",
            "listen 443 ": "listen 127.0.0.1:{ports[0]} ",
            "/etc/ssl/certs/cases.example.com.pem": "{certificate}",
            "/etc/ssl/private/cases.example.com.key": "{certificate}",
            **_NODES,
        },
        ("nginx", "-p", "{folder}", "-c", "{file}", "-g", "daemon off; pid {folder}/nginx.pid;"),
    ),
    "haproxy": Program(
        "haproxy.cfg",
        {
            "bind :80\n": "bind 127.0.0.1:{ports[1]}\n",
            "bind :443 ": "bind 127.0.0.1:{ports[0]} ",
            "/etc/haproxy/casemgr.pem": "{certificate}",
            **_NODES,
        },
        ("haproxy", "-f", "{file}"),
    ),
}


def installed() -> list[str]:
    """List the programs of this machine, the first choice first."""
    return [name for name in PROGRAMS if shutil.which(name)]


@contextmanager
def run_proxy(name: str, deployment: Deployment) -> Iterator[Proxy]:
    """Run a proxy for the duration of the `with` block."""
    program, folder = PROGRAMS[name], deployment.folder
    file, certificate = folder / program.configuration, folder / "certificate.pem"
    _make_certificate(certificate)
    ports = free_ports(2)
    values = {
        "folder": folder,
        "file": file,
        "certificate": certificate,
        "nodes": deployment.nodes,
        "ports": ports,
    }
    text = (ROOT / "docs" / program.configuration).read_text()
    for example, actual in program.examples.items():
        assert example in text, example
        text = text.replace(example, actual.format(**values))
    file.write_text(text)
    with (folder / f"{name}.log").open("ab") as log:
        command = [part.format(**values) for part in program.command]
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - a constant program
    proxy = Proxy(ports[0], ssl.create_default_context(cafile=certificate))
    try:
        wait_until(lambda: is_ready(proxy.port, proxy.context))
        yield proxy
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def _make_certificate(file: Path) -> None:
    """Make a certificate for this machine, in one file with its key."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=casemgr", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file)]
    made = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - a constant program
    with file.open("ab") as certificate:
        certificate.write(made.stdout)
