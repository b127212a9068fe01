"""The queries of the dashboard and of the alerts find the metrics that the service exports."""

import http.client
import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from casemgr.accounts.throttling import record_failure, subject_of_account
from casemgr.database.engine import writing
from casemgr.domain.actors import ActorKind
from tests.api.client import CASE, LOGIN
from tests.factories import CUSTOMER, NAME, USER
from tests.live.conftest import Serve
from tests.live.server import ROOT, SECONDS, Server
from tests.live.test_metrics import address

__all__ = ["address"]

pytestmark = [pytest.mark.live_server, pytest.mark.sqlite]

PROMTOOL = shutil.which("promtool")
DASHBOARD = json.loads((ROOT / "docs" / "dashboard.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
RULES = yaml.safe_load((ROOT / "docs" / "alerts.yaml").read_text())
ALERTS = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]

NOT_ALWAYS = {"casemgr_pool_connections_limit"}
"""Metrics that exist on PostgreSQL only."""

_SELECTOR = re.compile(r"(casemgr_\w+)(?:\{([^}]*)\})?")


@pytest.fixture
def exported(serve: Serve, engine: Engine, address: str) -> dict[str, dict[str, str]]:
    """Return the series of a server that has answered requests of each sort: their labels by their text."""
    server = serve(CASEMGR_METRICS_ADDRESS=address)
    server.wait_for_log("metrics are at")
    with writing(engine) as connection:
        for _ in range(100):
            record_failure(connection, [subject_of_account(ActorKind.CUSTOMER, NAME)], datetime.now(UTC))
    request(server, "GET", f"{CASE}/1", USER)
    request(server, "GET", f"{CASE}/9", CUSTOMER)
    for kind in ("user", "customer"):
        request(server, "POST", LOGIN[kind], body=json.dumps({"userName": NAME, "password": "wrong"}))
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=SECONDS) as response:
        text = response.read().decode()
    return {
        f"{sample.name}{{{', '.join(f'{name}={json.dumps(value)}' for name, value in labels.items())}}}": labels
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        for labels in [{**sample.labels, "job": "casemgr", "instance": "a"}]
    }


def request(server: Server, method: str, path: str, session: str = "", body: str = "") -> None:
    connection: http.client.HTTPConnection = server.connect()
    headers = {"Content-Type": "application/json"} | ({"X-egain-session": session} if session else {})
    connection.request(method, path, body or None, headers)
    connection.getresponse().read()
    connection.close()


def selectors(query: str) -> Iterator[tuple[str, set[str]]]:
    """Find the metrics of a query, each with the labels that it is selected by."""
    for name, matchers in _SELECTOR.findall(query):
        yield name, set(re.findall(r"(\w+) *(?:=|!)", re.sub(r'"[^"]*"', "", matchers)))


def test_every_query_names_exported_metrics_and_labels(exported: dict[str, dict[str, str]]) -> None:
    labels: dict[str, set[str]] = {}
    for series, of_series in exported.items():
        labels.setdefault(series.partition("{")[0], set()).update(of_series)
    used = [selector for query in (*QUERIES, *ALERTS) for selector in selectors(query)]
    assert len(used) > len(QUERIES)
    assert [(name, by) for name, by in used if not by <= labels.get(name, by if name in NOT_ALWAYS else set())] == []
    assert {name for name, _ in used} - labels.keys() <= NOT_ALWAYS
    grouped = re.findall(r"by \(([^)]*)\)", " ".join((*QUERIES, *ALERTS)))
    assert {label for group in grouped for label in group.split(", ")} <= set().union(*labels.values())


@pytest.mark.skipif(PROMTOOL is None, reason="There is no promtool; Debian has it in the package prometheus.")
def test_every_query_of_the_dashboard_has_a_result(exported: dict[str, dict[str, str]], tmp_path: Path) -> None:
    # Prometheus evaluates the queries over the exported series, which grow as if there were more requests.
    series = [*exported, *(f'{name}{{job="casemgr", instance="a"}}' for name in NOT_ALWAYS)]
    tests = [
        {"expr": f"count({runnable(query)}) >= bool 1", "eval_time": "9m", "exp_samples": [{"value": 1}]}
        for query in QUERIES
    ]
    test = {
        "interval": "15s",
        "input_series": [{"series": one, "values": "1+1x40"} for one in series],
        "promql_expr_test": tests,
    }
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    assert PROMTOOL
    result = subprocess.run(  # noqa: S603
        [PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def runnable(query: str) -> str:
    """Replace the variables of Grafana."""
    return query.replace("$__rate_interval", "5m").replace("$instance", ".*")
