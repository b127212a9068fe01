"""Surrogates, which JSON and SQLite can hold on their own but no encoding of Unicode can carry."""


def replace_lone_surrogates(text: str) -> str:
    """Replace lone surrogates by U+FFFD, and join pairs (contract REP-5)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
