"""The source code that an encoder compiles from the plan of a schema.

Closures, one for each member, would be easier to write, and take five times as long for a case (docs/performance.md).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from schemas.fields import WHOLE
from schemas.plan import Member


class Source:
    """A function of one argument, line by line."""

    def __init__(self) -> None:
        """Begin a function without lines."""
        self._lines: list[str] = []
        self._depth = 1
        self._globals: dict[str, Any] = {}
        self._variables = 0

    def add(self, line: str) -> None:
        """Add a line to the current block."""
        self._lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """Add a line that begins a block, to which is added what the context adds."""
        self.add(line)
        self._depth += 1
        yield
        self._depth -= 1

    def assign(self, expression: str) -> str:
        """Add an assignment to a new variable.

        :returns: the variable.
        """
        self._variables += 1
        self.add(f"v{self._variables} = {expression}")
        return f"v{self._variables}"

    def constant(self, value: object) -> str:
        """Name a value that is known already."""
        name = f"c{len(self._globals)}"
        self._globals[name] = value
        return name

    def value_of(self, member: Member, holder: str) -> str:
        """Write an expression for the value of a member.

        :param holder: an expression for the object.
        """
        value = holder if member.attribute == WHOLE else f"{holder}.{member.attribute}"
        return f"{self.constant(member.prepare)}({value})" if member.prepare else value

    @contextmanager
    def where_there_is(self, member: Member, holder: str) -> Iterator[None]:
        """Begin a block for what is left out where the object has None."""
        with self.block(f"if {holder}.{member.attribute} is not None:"):
            yield

    def compile(self, argument: str) -> Callable[[Any], Any]:
        """Compile the function.

        :param argument: the name of its argument.
        """
        source = "\n".join((f"def function({argument}):", *self._lines))
        # Of names in schemas and nothing else: no request has a part in it.
        exec(compile(source, "<compiled from a schema>", "exec"), self._globals)  # noqa: S102
        function: Callable[[Any], Any] = self._globals["function"]
        return function
