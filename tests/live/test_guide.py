"""docs/guide.md: the samples of each language, typed one after the other, print what the guide says."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from markdown_it import MarkdownIt

from casemgr.web.docs_page import BASE_URL_IN_GUIDE
from tests.live.server import ROOT, SECONDS, Server

pytestmark = pytest.mark.sqlite

_END = "end of a sample"

LANGUAGES = {
    "sh": (["bash", "-eu"], f"echo '{_END}'"),
    "python": ([sys.executable, "-W", "error", "-"], f"print({_END!r})"),
    "js": (["node", "--input-type=module", "-"], f"console.log({_END!r});"),
}
"""The command that runs samples of a language, and the statement that prints the end of a sample."""


def read_steps() -> list[dict[str, str]]:
    """Read the steps of the guide: the sample of each language, and what it prints as `output`."""
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    steps: list[dict[str, str]] = []
    for block in MarkdownIt().parse(guide):
        if block.type == "fence":
            if block.info == "sh":
                steps.append({"output": ""})
            steps[-1][block.info if block.info in LANGUAGES else "output"] = block.content
    return steps


@pytest.mark.parametrize("language", ["sh", "python", pytest.param("js", marks=pytest.mark.node)])
def test_the_samples_of_a_language_print_what_the_guide_says(demo_server: Server, language: str) -> None:
    command, end = LANGUAGES[language]
    steps = read_steps()
    script = "\n".join(f"{step[language]}\n{end}" for step in steps).replace(BASE_URL_IN_GUIDE, demo_server.url(""))
    printed = _run(command, script).split(f"{_END}\n")[:-1]
    assert [text.strip() for text in printed] == [step["output"].strip() for step in steps]


def _run(command: Sequence[str], script: str) -> str:
    return subprocess.run(  # noqa: S603 - the commands are those above
        command, input=script, capture_output=True, text=True, timeout=SECONDS, check=True
    ).stdout
