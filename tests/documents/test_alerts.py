"""The alert rules, checked and tested by Prometheus's own tool."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROMTOOL = shutil.which("promtool")


def test_the_table_of_alerts_has_every_rule() -> None:
    rules = re.findall(r"- alert: (\w+)", (DOCS / "alerts.yaml").read_text())
    assert re.findall(r"^\| `(Casemgr\w+)`", (DOCS / "operations.md").read_text(), re.MULTILINE) == rules


@pytest.mark.slow
@pytest.mark.skipif(PROMTOOL is None, reason="There is no promtool; Debian has it in the package prometheus.")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["check", "rules", "--lint-fatal", str(DOCS / "alerts.yaml")], id="syntax"),
        pytest.param(["test", "rules", str(Path(__file__).with_name("alerts.yaml"))], id="unit tests"),
    ],
)
def test_the_alert_rules_pass(arguments: list[str]) -> None:
    assert PROMTOOL
    result = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout + result.stderr
