"""docs/dataset.md: the example of a feed prints what the document shows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from sqlalchemy import URL

from tests.live.server import ROOT

_SECONDS = 300
"""Seconds after which the test gives up: the example runs ten commands, which take a second each."""

_PROMPT = "$ "
_END = "end of a command"
_SPOOL, _SCRIPT = "/var/spool/casemgr", "/opt/casemgr/feed.sh"


@pytest.mark.sqlite
def test_the_feed_prints_what_the_document_shows(database_url: URL, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "dataset.md").read_text(encoding="utf-8")
    blocks = [(block.info, block.content) for block in MarkdownIt().parse(text) if block.type == "fence"]
    names = re.findall(r"^.*`([\w-]+\.jsonl)`:$", text, re.MULTILINE)
    spool, script = tmp_path / "spool", tmp_path / "feed.sh"
    (spool / "done").mkdir(parents=True)
    for name, content in zip(names, [content for info, content in blocks if info == "json"], strict=True):
        (spool / name).write_text(content, encoding="utf-8")
    [feed] = [content for info, content in blocks if info == "sh"]
    script.write_text(feed.replace(_SPOOL, str(spool)), encoding="utf-8")
    casemgr = tmp_path / "bin" / "casemgr"
    casemgr.parent.mkdir()
    casemgr.write_text(f"#!{sys.executable}\nfrom casemgr.cli import main\nmain()\n", encoding="utf-8")
    casemgr.chmod(0o700)
    lines = "".join(content for info, content in blocks if info == "console").splitlines()
    commands = [line.removeprefix(_PROMPT) for line in lines if line.startswith(_PROMPT)]
    done = subprocess.run(
        ["bash", "-eu"],  # noqa: S607 - the bash of the reader
        input="\n".join(f"echo '{_END}'\n{command.replace(_SCRIPT, str(script))}" for command in commands),
        cwd=spool,
        env={
            "PATH": f"{casemgr.parent}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "CASEMGR_DATABASE_URL": database_url.render_as_string(hide_password=False),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    assert done.stdout.splitlines() == [_END if line.startswith(_PROMPT) else line for line in lines]
