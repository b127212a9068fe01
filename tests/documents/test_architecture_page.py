"""docs/architecture.md: what it says of the packages and of an encoder is true of the code."""

import re
from collections.abc import Iterable
from pathlib import Path

from markdown_it import MarkdownIt

from casemgr.domain.actors import ActorKind
from casemgr.http.media_types import MediaType
from casemgr.representations import generate_case_encoder
from tests.test_architecture import MODULES, PACKAGES, imports_of, package_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")

Arrow = tuple[str, str]


def fenced(language: str) -> list[str]:
    return [block.content for block in MarkdownIt().parse(PAGE) if block.type == "fence" and block.info == language]


def reachable(arrows: Iterable[Arrow]) -> set[Arrow]:
    """Add an arrow wherever several arrows lead."""
    known = set(arrows)
    while more := {(start, end) for start, via in known for other, end in known if via == other} - known:
        known |= more
    return known


def test_the_page_shows_the_encoder_as_it_is_generated() -> None:
    assert fenced("python") == [generate_case_encoder(MediaType.JSON, ActorKind.CUSTOMER, frozenset()).source()]


def test_the_table_lists_the_packages_from_top_to_bottom() -> None:
    assert re.findall(r"^\| `([a-z0-9_.]+)` \|", PAGE.partition("## The path")[0], re.MULTILINE) == PACKAGES


def test_the_table_names_every_module() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9_.]+)` \| .* \| (.*) \|$", PAGE, re.MULTILINE))
    for module in MODULES.keys() - PACKAGES:
        package = package_of(module)
        name = module.removeprefix(f"{package}.").split(".")[0]
        assert name == "__main__" or f"`{name}`" in rows[package] or f"`{name}/`" in rows[package], module


def test_the_arrows_of_the_diagram_are_imports() -> None:
    (diagram,) = fenced("mermaid")
    arrows = {(start, end) for start, end in re.findall(r"([a-z0-9_.]+) --> ([a-z0-9_.]+)", diagram)}
    imports = {(package_of(module), package_of(other)) for module in MODULES for other in imports_of(module)}
    imports = {(package, other) for package, other in imports if package != other}
    assert arrows <= imports
    assert reachable(arrows) == reachable(imports)
