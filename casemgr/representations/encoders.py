"""What encoders take and give."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from casemgr.cases import Case
from schemas.plan import Member

EncodeCases: TypeAlias = Callable[[Sequence[Case]], bytes]
"""Encodes cases in the locale in use."""


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
    """What makes the two bodies of a media type, in UTF-8.

    :param compile_cases: takes what the schema of the cases declares.
    """

    compile_cases: Callable[[Sequence[Member]], EncodeCases]
    encode_error: Callable[[ErrorBody], bytes]
