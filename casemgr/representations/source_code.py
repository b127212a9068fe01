"""The source code of an encoder, which is generated from the plan of a schema and compiled.

The code unpacks objects into variables and puts these into pieces of text that are as long as possible. Closures, one
for each member, would be easier to write but take nine times as long (docs/performance.md). `python -m
casemgr.representations` prints the source of an encoder.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from string import Formatter
from typing import Any, TypeAlias

from casemgr.domain.cases import NamedValue
from casemgr.i18n.display_values import ValueKind, name_built_in_values
from casemgr.i18n.locales import Locale
from casemgr.representations.plan import Member
from schemas.fields import WHOLE, attributes_in

Encode: TypeAlias = Callable[[Sequence[Any], Locale], bytes]
"""Encodes objects of one type in a locale, as UTF-8."""

OBJECTS = "objects"
"""The variable that holds the objects."""


class SourceCode:
    """The source of a function that encodes objects, built line by line."""

    def __init__(self, escape: Callable[[str], str]) -> None:
        """Begin with a function that writes nothing.

        :param escape: writes a text.
        """
        self._before: list[str] = []
        self._lines: list[str] = []
        self._depth = 1
        self._piece = ""
        self._globals: dict[str, Any] = {"escape": escape}
        self._variables = 0

    def write(self, literal: str) -> None:
        """Write a constant text as it is."""
        escaped = literal.encode("unicode_escape").decode().replace("'", "\\'")
        self._piece += escaped.replace("{", "{{").replace("}", "}}")

    def write_value(self, variable: str) -> None:
        """Write a number, or a text that is already escaped."""
        self._piece += f"{{{variable}}}"

    def write_text(self, variable: str) -> None:
        """Write a text with escapes."""
        self._piece += f"{{escape({variable})}}"

    def write_path(self, pieces: Sequence[str], holder: str) -> None:
        """Write a path. Each piece after the first is left out when the one attribute that it names is None."""
        for number, piece in enumerate(pieces):
            with self._where_any(attributes_in(piece) if number else (), holder):
                for literal, attribute, _, _ in Formatter().parse(piece):
                    self.write(literal)
                    if attribute:
                        self.write_value(variable_of(attribute, holder))

    def write_display_value(self, kind: ValueKind, variable: str, named_value: "SourceCode") -> None:
        """Write a value and its display value in the locale.

        :param named_value: the code that encodes a list with one `NamedValue`.
        """
        names, by_locale = self._new_variable(), f"display_values_{len(self._globals)}"
        self._globals[by_locale] = _DisplayValues(kind, named_value.compile())
        self._before.append(f"{names} = {by_locale}[locale]")
        self._piece += f"{{{names}[{variable}]}}"

    def add(self, line: str) -> None:
        """Add a line to the current block."""
        self._flush()
        self._lines.append("    " * self._depth + line)

    def _flush(self) -> None:
        if self._piece:
            self._lines.append("    " * self._depth + f"add(f'{self._piece}')")
            self._piece = ""

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """Add a line that begins a block; the `with` block adds its content."""
        self.add(line)
        self._depth += 1
        yield
        self._flush()
        self._depth -= 1

    @contextmanager
    def each(self, objects: str, columns: Sequence[str]) -> Iterator[str]:
        """Begin a loop over objects.

        :param columns: the attributes of an object, in their order.
        :returns: the prefix of the variables that hold the attributes.
        """
        holder = self._new_variable()
        variables = "".join(f"{variable_of(column, holder)}, " for column in columns)
        with self.block(f"for {variables}in {objects}:"):
            yield holder

    def where_present(self, member: Member, holder: str) -> AbstractContextManager[None]:
        """Begin a block that is skipped when the member is left out."""
        return self._where_any(member.keys, holder)

    def begin_list(self) -> str:
        """Prepare to write parts that are separated by commas.

        :returns: the variable that holds what comes before the next part.
        """
        comma = self._new_variable()
        self.add(f"{comma} = ''")
        return comma

    @contextmanager
    def part(self, comma: str) -> Iterator[None]:
        """Write a part of such a list, which the `with` block writes."""
        self.write_value(comma)
        yield
        self.add(f"{comma} = ','")

    def source(self) -> str:
        """Return the source of the function."""
        self._flush()
        before = (f"def encode({OBJECTS}, locale):", "pieces = []", "add = pieces.append", *self._before)
        return "\n".join(("\n    ".join(before), *self._lines, "    return ''.join(pieces).encode()", ""))

    def compile(self) -> Encode:
        """Compile the function."""
        # The source is made of the names in schemas; no request has a part in it.
        exec(compile(self.source(), "<compiled from a schema>", "exec"), self._globals)  # noqa: S102
        encode: Encode = self._globals["encode"]
        return encode

    def _where_any(self, keys: Sequence[str], holder: str) -> AbstractContextManager[None]:
        conditions = [f"{variable_of(key, holder)} is not None" for key in keys]
        return self.block(f"if {' or '.join(conditions)}:") if conditions else nullcontext()

    def _new_variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"


def variable_of(attribute: str, holder: str) -> str:
    """Name the variable of an attribute, or the prefix of the variables of a group."""
    return holder if attribute == WHOLE else f"{holder}_{attribute}"


class _DisplayValues(dict[Locale, "_EncodedValues"]):
    """The encoded display values of a kind, by locale."""

    def __init__(self, kind: ValueKind, encode: Encode) -> None:
        super().__init__()
        self._kind = kind
        self._encode = encode

    def __missing__(self, locale: Locale) -> "_EncodedValues":
        def encode(named: NamedValue) -> str:
            return self._encode([named], locale).decode()

        names = name_built_in_values(self._kind, locale)
        built_in = {value: encode(named) for value, named in names.items()}
        values = self[locale] = _EncodedValues(built_in, lambda value: encode(NamedValue(value, value)))
        return values


class _EncodedValues(dict[str, str]):
    """Values with their display values, already encoded."""

    def __init__(self, built_in: Mapping[str, str], encode_other: Callable[[str], str]) -> None:
        super().__init__(built_in)
        # Cases lie in the same few folders.
        self._encode_other = lru_cache(maxsize=256)(encode_other)

    def __missing__(self, value: str) -> str:
        """Encode a value that is not built in, which displays as itself (contract REP-2)."""
        return self._encode_other(value)
