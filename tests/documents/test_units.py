"""docs/*.service: all units have the sandbox that was tried with the service."""

from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def sandbox_of(unit: str) -> str:
    _, start, rest = (DOCS / unit).read_text(encoding="utf-8").partition("# The unit can write")
    return start + rest.partition("[Install]")[0].strip()


def test_every_unit_has_the_same_sandbox() -> None:
    sandboxes = {sandbox_of(path.name) for path in DOCS.glob("*.service")}
    assert sandboxes == {sandbox_of("casemgr.service")}
    assert "UMask=0077" in sandboxes.pop()
