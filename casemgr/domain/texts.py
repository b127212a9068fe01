"""Texts: lone surrogates, and excerpts for messages."""


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
