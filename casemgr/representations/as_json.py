"""The bodies as JSON."""

from collections.abc import Sequence
from contextlib import nullcontext
from itertools import takewhile

import orjson

from casemgr.cases import Case
from casemgr.representations.encoders import EncodeCases, ErrorBody
from casemgr.representations.source_code import CASE, SourceCode
from schemas.plan import Kind, Member


def compile_cases(plan: Sequence[Member]) -> EncodeCases:
    """Compile the encoder of cases; the order of the members is that of the plan."""
    code = SourceCode()
    code.begin("dumped = []")
    code.add(f"dumped.append({_dump_object(code, plan, CASE)})")
    dump = code.compile("dumped")

    def encode_cases(cases: Sequence[Case]) -> bytes:
        return orjson.dumps({"case": dump(cases)})

    return encode_cases


def _dump_object(code: SourceCode, members: Sequence[Member], holder: str) -> str:
    """Write an expression for an object; what can be missing is added to it, and what comes after that."""
    required = list(takewhile(lambda member: member.required, members))
    data = ", ".join(f"{member.name!r}: {_dump(code, member, holder)}" for member in required)
    if len(required) == len(members):
        return f"{{{data}}}"
    variable = code.assign(f"{{{data}}}")
    for member in members[len(required) :]:
        with nullcontext() if member.required else code.where_there_is(member, holder):
            code.add(f"{variable}[{member.name!r}] = {_dump(code, member, holder)}")
    return variable


def _dump(code: SourceCode, member: Member, holder: str) -> str:
    """Write an expression for the value of a member."""
    if member.constant is not None:
        return repr(member.constant)
    value = code.value_of(member, holder)
    match member.kind:
        case Kind.NUMBER_AS_TEXT:
            return f"str({value})"
        case Kind.OBJECT:
            return _dump_object(code, member.members, code.assign(value))
        case Kind.LIST_OF_ONE:
            return f"[{_dump_object(code, member.members, value)}]"
        case Kind.LIST:
            items = code.assign("[]")
            item = f"item_of_{items}"
            with code.block(f"for {item} in {value}:"):
                code.add(f"{items}.append({_dump_object(code, member.members, item)})")
            return items
        case _:
            return value


def encode_error(error: ErrorBody) -> bytes:
    """Encode an error (contract REP-7)."""
    body: dict[str, object] = {"code": error.code, "developerMessage": error.developer_message}
    if error.user_message is not None:
        body["userMessage"] = error.user_message
    if error.details:
        body["details"] = [{"key": detail.key, "value": detail.value} for detail in error.details]
    return orjson.dumps(body)
