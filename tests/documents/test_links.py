"""Every relative link in a document leads to a file, and to a heading of it if it names one."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]

MARKDOWN = MarkdownIt().enable("table")


def tokens_of(document: Path) -> list[Token]:
    return MARKDOWN.parse(document.read_text(encoding="utf-8"))


def links_of(document: Path) -> Iterator[str]:
    """Find the targets of the links and images of a document."""
    for block in tokens_of(document):
        for inline in block.children or ():
            target = inline.attrs.get("href") or inline.attrs.get("src")
            if target:
                yield str(target)


def anchors_of(document: Path) -> set[str]:
    """Build the anchors that GitHub gives to the headings of a document."""
    tokens = tokens_of(document)
    anchors: set[str] = set()
    seen: Counter[str] = Counter()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return anchors


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document: Path) -> None:
    for link in links_of(document):
        url = urlsplit(link)
        if url.scheme or url.netloc:
            continue
        target = (document.parent / unquote(url.path)).resolve() if url.path else document
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert target.exists(), f"{link} leads to no file"
        if url.fragment and target.suffix == ".md":
            assert url.fragment in anchors_of(target), f"{link} leads to no heading"


def test_the_readme_leads_to_every_document() -> None:
    linked = {(ROOT / urlsplit(link).path).resolve() for link in links_of(ROOT / "README.md")}
    assert linked >= {document for document in DOCUMENTS if document.name != "README.md"}
