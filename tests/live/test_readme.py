"""README.md: its calls work, and print what it shows."""

import subprocess

from markdown_it import MarkdownIt

from casemgr.web.docs_page import BASE_URL_IN_GUIDE
from tests.live.server import ROOT, SECONDS, Server

_PROMPT = "$ "
_END = "end of a command"


def test_the_calls_of_the_readme_print_what_it_shows(demo_server: Server) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [block.content for block in MarkdownIt().parse(readme) if block.info == "console"]
    lines = "".join(blocks).splitlines()
    commands = [line.removeprefix(_PROMPT) for line in lines if line.startswith(_PROMPT)]
    shown = [_END if line.startswith(_PROMPT) else line for line in lines]
    assert commands
    script = "\n".join(f"echo '{_END}'\n{command}\necho" for command in commands)
    done = subprocess.run(
        ["bash", "-eu"],  # noqa: S607 - the bash of the reader
        input=script.replace(BASE_URL_IN_GUIDE, demo_server.url("")),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    # `echo` ends the last line of a body, which has no line break.
    assert [line for line in done.stdout.splitlines() if line] == shown
