"""The source code that an encoder compiles from the plan of a schema.

It takes objects apart into variables, and puts these into pieces of text that are as long as can be. Closures, one for
each member, would be easier to write, and take several times as long (docs/performance.md).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, lru_cache
from string import Formatter
from typing import Any, TypeAlias

from casemgr.cases import NamedValue
from casemgr.display_values import ValueKind, built_in_names
from casemgr.i18n import current_locale
from casemgr.locales import Locale
from schemas.fields import WHOLE, attributes_in
from schemas.plan import Member

Write: TypeAlias = Callable[[Sequence[Any]], str]
"""Writes objects of one type, one after the other."""

OBJECTS = "objects"
"""The variable that has the objects."""


class SourceCode:
    """A function that writes objects, line by line."""

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
        """Write a text that is the same always, as it is."""
        escaped = literal.encode("unicode_escape").decode().replace("'", "\\'")
        self._piece += escaped.replace("{", "{{").replace("}", "}}")

    def write_value(self, variable: str) -> None:
        """Write a number, or a text that is written already."""
        self._piece += f"{{{variable}}}"

    def write_text(self, variable: str) -> None:
        """Write a text."""
        self._piece += f"{{escape({variable})}}"

    def write_path(self, pieces: Sequence[str], holder: str) -> None:
        """Write a path; the pieces after the first one are left out without the one attribute that they name."""
        for number, piece in enumerate(pieces):
            with self._where_any(attributes_in(piece) if number else (), holder):
                for literal, attribute, _, _ in Formatter().parse(piece):
                    self.write(literal)
                    if attribute:
                        self.write_value(variable_of(attribute, holder))

    def write_display_value(self, member: Member, variable: str, write: Write) -> None:
        """Write a value and its name in the locale in use.

        :param write: writes such pairs.
        """
        assert member.value_kind  # noqa: S101 - a display value has one
        names, written = self._new_variable(), f"written{len(self._globals)}"
        self._globals[written] = _written_names(member.value_kind, write)
        self._before.append(f"{names} = {written}()")
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
        """Add a line that begins a block, to which is added what the context adds."""
        self.add(line)
        self._depth += 1
        yield
        self._flush()
        self._depth -= 1

    @contextmanager
    def each(self, objects: str, columns: Sequence[str]) -> Iterator[str]:
        """Begin a block for each object.

        :param columns: the attributes of an object, in their order.
        :returns: what the names of its variables begin with.
        """
        holder = self._new_variable()
        variables = "".join(f"{variable_of(column, holder)}, " for column in columns)
        with self.block(f"for {variables}in {objects}:"):
            yield holder

    def where_there_is(self, member: Member, holder: str) -> AbstractContextManager[None]:
        """Begin a block for a member that can be missing."""
        return self._where_any(member.keys, holder)

    def begin_list(self) -> str:
        """Prepare to write something whose parts are separated by commas.

        :returns: the variable that has what comes before the next part.
        """
        comma = self._new_variable()
        self.add(f"{comma} = ''")
        return comma

    @contextmanager
    def part(self, comma: str) -> Iterator[None]:
        """Write what the context writes as a part of such a list."""
        self.write_value(comma)
        yield
        self.add(f"{comma} = ','")

    def compile(self) -> Write:
        """Compile the function."""
        self.add("return ''.join(pieces)")
        before = (f"def function({OBJECTS}):", "pieces = []", "add = pieces.append", *self._before)
        source = "\n".join(("\n    ".join(before), *self._lines))
        # Of names in schemas and nothing else: no request has a part in it.
        exec(compile(source, "<compiled from a schema>", "exec"), self._globals)  # noqa: S102
        function: Write = self._globals["function"]
        return function

    def _where_any(self, keys: Sequence[str], holder: str) -> AbstractContextManager[None]:
        conditions = [f"{variable_of(key, holder)} is not None" for key in keys]
        return self.block(f"if {' or '.join(conditions)}:") if conditions else nullcontext()

    def _new_variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"


def variable_of(attribute: str, holder: str) -> str:
    """Name the variable that has an attribute, or what the names of those of a group begin with."""
    return holder if attribute == WHOLE else f"{holder}_{attribute}"


class _WrittenNames(dict[str, str]):
    """Values with their names, written already."""

    def __init__(self, written: Mapping[str, str], write_other: Callable[[str], str]) -> None:
        super().__init__(written)
        self._write_other = write_other

    def __missing__(self, value: str) -> str:
        """Write a value that is not built in."""
        return self._write_other(value)


def _written_names(kind: ValueKind, write: Write) -> Callable[[], _WrittenNames]:
    # A value that is not built in is called what it is (contract REP-2). Cases have the same few folders.
    write_other = lru_cache(maxsize=256)(lambda value: write([NamedValue(value, value)]))

    @cache
    def in_locale(locale: Locale) -> _WrittenNames:
        names = built_in_names(kind, locale)
        return _WrittenNames({value: write([named]) for value, named in names.items()}, write_other)

    return lambda: in_locale(current_locale())
