"""The plain data that encoders take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

PlainData: TypeAlias = "str | int | Mapping[str, PlainData] | Sequence[PlainData]"
"""What a schema dumps."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What an error is about, the same in every locale."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error as it is told to the caller (contract REP-7, REP-8).

    :param user_message: None unless the caller asked for it.
    """

    code: str
    developer_message: str
    user_message: str | None
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class Encoder:
    """The two bodies of a media type, as bytes in UTF-8."""

    encode_cases: Callable[[Sequence[Mapping[str, PlainData]]], bytes]
    encode_error: Callable[[ErrorBody], bytes]
