"""docs/guide.md: what it says to type, and what it says comes of it."""

import subprocess
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from casemgr.web.docs_page import BASE_URL_IN_GUIDE
from tests.live.server import ROOT, SECONDS, Server

pytestmark = pytest.mark.sqlite

_END = "end of a command"


def test_the_guide_works_as_it_stands(demo_server: Server) -> None:
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    blocks = [(block.info, block.content) for block in MarkdownIt().parse(guide) if block.type == "fence"]
    commands = [content for info, content in blocks if info == "sh"]
    script = "\n".join(f"{command}\necho '{_END}'" for command in commands)
    script = script.replace(BASE_URL_IN_GUIDE, demo_server.url(""))
    done = subprocess.run(
        ["bash", "-eu"],  # noqa: S607 - the one that a person has
        input=script,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    printed = done.stdout.split(f"{_END}\n")[:-1]
    expected = [
        "" if following == "sh" else content
        for (info, _), (following, content) in pairwise([*blocks, ("sh", "")])
        if info == "sh"
    ]
    assert [text.strip() for text in printed] == [text.strip() for text in expected]
