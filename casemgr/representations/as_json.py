"""Bodies in JSON."""

from collections.abc import Sequence
from contextlib import nullcontext
from json.encoder import encode_basestring

import orjson

from casemgr.domain.cases import Case, NamedValue
from casemgr.errors.bodies import ErrorBody
from casemgr.representations.plan import Kind, Member
from casemgr.representations.source_code import OBJECTS, SourceCode, variable_of


def generate_cases(plan: Sequence[Member]) -> SourceCode:
    """Generate the encoder of cases, with the members in the order of the plan."""
    code = _JsonCode(encode_basestring)
    code.write('{"case":[')
    code.write_objects(OBJECTS, Case._fields, plan)
    code.write("]}")
    return code


class _JsonCode(SourceCode):
    """The source code of an encoder to JSON."""

    def write_objects(self, objects: str, columns: Sequence[str], members: Sequence[Member]) -> None:
        """Write objects, separated by commas."""
        comma = self.begin_list()
        with self.each(objects, columns) as holder, self.part(comma):
            self._write_object(members, holder)

    def _write_object(self, members: Sequence[Member], holder: str) -> None:
        self.write("{")
        # When the first member is never left out, each of the others begins with a comma.
        comma = self.begin_list() if members[0].keys else None
        for number, member in enumerate(members):
            with self.where_present(member, holder), self.part(comma) if comma else nullcontext():
                name = f'"{member.name}":'
                self.write(f",{name}" if number and not comma else name)
                self._write_member(member, variable_of(member.attribute, holder))
        self.write("}")

    def _write_member(self, member: Member, variable: str) -> None:
        match member.kind:
            case Kind.CONSTANT:
                self.write(encode_basestring(member.constant))
            case Kind.TEXT:
                self.write_text(variable)
            case Kind.NUMBER:
                self.write_value(variable)
            case Kind.NUMBER_AS_TEXT:
                self.write('"')
                self.write_value(variable)
                self.write('"')
            case Kind.PATH:
                self.write('"')
                self.write_path(member.pieces, variable)
                self.write('"')
            case Kind.DISPLAY_VALUE:
                assert member.value_kind  # noqa: S101 - a display value has a kind
                named_value = _JsonCode(encode_basestring)
                named_value.write_objects(OBJECTS, NamedValue._fields, member.members)
                self.write_display_value(member.value_kind, variable, named_value)
            case Kind.OBJECT:
                self._write_object(member.members, variable)
            case Kind.LIST_OF_ONE:
                self.write("[")
                self._write_object(member.members, variable)
                self.write("]")
            case Kind.LIST:
                self.write("[")
                self.write_objects(variable, member.columns, member.members)
                self.write("]")
            case _:
                raise TypeError(f"{member.name} is of the kind {member.kind}, which has no form in JSON.")


def encode_error(error: ErrorBody) -> bytes:
    """Encode an error (contract REP-7)."""
    body: dict[str, object] = {"code": error.code, "developerMessage": error.developer_message}
    if error.user_message is not None:
        body["userMessage"] = error.user_message
    if error.details:
        body["details"] = [{"key": detail.key, "value": detail.value} for detail in error.details]
    return orjson.dumps(body)
