"""The sentences of the error catalogue as tables for a terminal."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, zip_longest

from casemgr.domain.texts import GAP, display_width, tabulate
from casemgr.errors.listing import SentenceRecord

# East Asian writing has no blanks: a line may end after any character. Everything else is kept together.
_PIECE = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+")


def tabulate_sentences(records: Sequence[SentenceRecord]) -> Iterator[str]:
    """Draw a table with a line for each sentence, with its placeholders, below a header."""
    header = ("CODE", "NAME", "LOCALE", "AUDIENCE", "NUMBER", "MESSAGE")
    rows = [
        (one.code, one.name, one.locale, one.audience, "" if one.number is None else str(one.number), one.message)
        for one in records
    ]
    return tabulate((header, *rows))


def tabulate_comparison(records: Sequence[Mapping[str, str]], width: int) -> Iterator[str]:
    """Draw the sentences of two locales side by side, below the code and the name of each error.

    :param records: as `casemgr.errors.listing.list_comparison` makes them.
    :param width: the columns of the terminal.
    """
    tags = [name for name in records[0] if name not in ("code", "name", "audience")]
    column = max(20, (width - 2 * len(GAP)) // 2)
    yield from _side_by_side(tags, column)
    for (code, name), sentences in groupby(records, key=lambda record: (record["code"], record["name"])):
        yield ""
        yield f"{code} {name}"
        for record in sentences:
            yield from _side_by_side([record[tag] for tag in tags], column)


def _side_by_side(texts: Sequence[str], width: int) -> Iterator[str]:
    for lines in zip_longest(*(_wrap(text, width) for text in texts), fillvalue=""):
        yield "".join(f"{GAP}{line}{' ' * (width - display_width(line))}" for line in lines).rstrip()


def _wrap(text: str, width: int) -> list[str]:
    """Wrap a text to a number of columns; `textwrap` would take all characters for equally wide."""
    lines = [""]
    for piece in _PIECE.findall(text):
        for part in (piece[start : start + width] for start in range(0, len(piece), width)):
            if display_width(lines[-1] + part.rstrip()) > width:
                lines.append("")
            lines[-1] += part if lines[-1] else part.lstrip()
    return [line.rstrip() for line in lines]
