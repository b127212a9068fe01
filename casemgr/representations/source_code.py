"""The source code that an encoder compiles from the plan of a schema.

Closures, one for each member, would be easier to write, and take more than twice as long (docs/performance.md).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from casemgr.display_values import name_value, name_values
from schemas.fields import WHOLE
from schemas.plan import Member

CASE = "case"
"""The variable that has the case."""


class SourceCode:
    """A function that goes through cases, line by line."""

    def __init__(self) -> None:
        """Begin with a function that does nothing with any case."""
        self._before: list[str] = []
        self._lines: list[str] = []
        self._depth = 2
        self._globals: dict[str, Any] = {}
        self._variables = 0

    def begin(self, line: str) -> None:
        """Add a line that is run once, before the first case."""
        self._before.append(f"    {line}")

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
        """Add an assignment to a new variable, unless it is in one.

        :returns: the variable.
        """
        if expression.isidentifier():
            return expression
        variable = self._new_variable()
        self.add(f"{variable} = {expression}")
        return variable

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
        if member.build:
            return f"{self.constant(member.build)}({value})"
        if member.named:
            names, value = self._new_variable(), self.assign(value)
            self.begin(f"{names} = {self.constant(partial(name_values, member.named))}()")
            # The call of `name_value` is left out where the value is built in, as it nearly always is.
            return f"{names}.get({value}) or {self.constant(name_value)}({names}, {value})"
        return value

    @contextmanager
    def where_there_is(self, member: Member, holder: str) -> Iterator[None]:
        """Begin a block for what is left out where the object has None."""
        with self.block(f"if {holder}.{member.attribute} is not None:"):
            yield

    def compile(self, result: str) -> Callable[[Any], Any]:
        """Compile the function, which takes the cases.

        :param result: an expression for what it returns.
        """
        lines = (
            "def function(cases):",
            *self._before,
            f"    for {CASE} in cases:",
            *self._lines,
            f"    return {result}",
        )
        # Of names in schemas and nothing else: no request has a part in it.
        exec(compile("\n".join(lines), "<compiled from a schema>", "exec"), self._globals)  # noqa: S102
        function: Callable[[Any], Any] = self._globals["function"]
        return function

    def _new_variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"
