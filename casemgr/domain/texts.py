"""Texts: lone surrogates, excerpts and numbers for messages, and tables for a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from unicodedata import category, east_asian_width

GAP = "  "
"""What separates two columns of a table."""


def replace_lone_surrogates(text: str) -> str:
    """Replace lone surrogates with U+FFFD and join surrogate pairs.

    JSON can express lone surrogates, but no Unicode encoding can carry them.

    Source: contract REP-5.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shorten(text: str, length: int = 100) -> str:
    """Shorten input to one printable line.

    :param length: the maximum number of characters; longer text is cut and ends with an ellipsis.
    """
    printable = text if text.isprintable() else repr(text)[1:-1]
    return printable if len(printable) <= length else f"{printable[:length]}…"


def count_of(number: int, noun: str) -> str:
    """Write a number with a noun, such as "1 record" or "2 records"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def display_width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if category(character) in {"Mn", "Me"}:
        # An accent or a vowel on the character before it.
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def tabulate(rows: Iterable[Sequence[str]], at_a_time: int | None = None) -> Iterator[str]:
    """Draw rows as a table with aligned columns; the last column is not padded.

    :param at_a_time: how many rows are read and aligned together, when all of them might not fit into memory. Columns
        may get wider from one part of the table to the next, but never narrower.
    """
    remaining = iter(rows)
    widths: list[int] = []
    while batch := list(islice(remaining, at_a_time)):
        needed = [max(map(display_width, column)) for column in zip(*batch, strict=True)]
        widths = [max(pair) for pair in zip(widths or needed, needed, strict=True)]
        for *cells, last in batch:
            padded = (cell + " " * (width - display_width(cell)) for cell, width in zip(cells, widths, strict=False))
            yield GAP.join((*padded, last))
