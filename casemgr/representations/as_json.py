"""The bodies as JSON."""

from collections.abc import Sequence
from contextlib import nullcontext
from json.encoder import encode_basestring

import orjson

from casemgr.cases import Case, NamedValue
from casemgr.representations.encoders import EncodeCases, ErrorBody
from casemgr.representations.source_code import OBJECTS, SourceCode, Write, variable_of
from schemas.plan import Kind, Member


def compile_cases(plan: Sequence[Member]) -> EncodeCases:
    """Compile the encoder of cases; the order of the members is that of the plan."""
    write = _compile(plan, Case._fields)

    def encode_cases(cases: Sequence[Case]) -> bytes:
        return f'{{"case":[{write(cases)}]}}'.encode()

    return encode_cases


def _compile(members: Sequence[Member], columns: Sequence[str]) -> Write:
    code = _JsonCode(encode_basestring)
    code.write_objects(OBJECTS, columns, members)
    return code.compile()


class _JsonCode(SourceCode):
    """The source code of what writes JSON."""

    def write_objects(self, objects: str, columns: Sequence[str], members: Sequence[Member]) -> None:
        """Write objects, with commas in between."""
        comma = self.begin_list()
        with self.each(objects, columns) as holder, self.part(comma):
            self._write_object(members, holder)

    def _write_object(self, members: Sequence[Member], holder: str) -> None:
        self.write("{")
        # Once there is a member that is never missing, a comma comes before each one.
        comma = self.begin_list() if members[0].keys else None
        for number, member in enumerate(members):
            with self.where_there_is(member, holder), self.part(comma) if comma else nullcontext():
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
                self.write_display_value(member, variable, _compile(member.members, NamedValue._fields))
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
                raise TypeError(f"{member.name} is of a kind that JSON knows nothing of.")


def encode_error(error: ErrorBody) -> bytes:
    """Encode an error (contract REP-7)."""
    body: dict[str, object] = {"code": error.code, "developerMessage": error.developer_message}
    if error.user_message is not None:
        body["userMessage"] = error.user_message
    if error.details:
        body["details"] = [{"key": detail.key, "value": detail.value} for detail in error.details]
    return orjson.dumps(body)
