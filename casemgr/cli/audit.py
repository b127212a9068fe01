"""The audit log: who ran which command that changes something or copies all data, and what became of it.

Each command writes two lines: one before it changes anything, so that nothing happens unless the log can be written,
and one at its end.
"""

import errno
import json
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from casemgr.accounts.accounts import Account
from casemgr.config import Config

_FACTS = "casemgr.audit"
"""The name under which Click's context keeps what a command notes."""


def note(**facts: object) -> None:
    """Note facts for the last line of the command, such as how many records it changed."""
    click.get_current_context().meta.setdefault(_FACTS, {}).update(facts)


def note_account(account: Account) -> None:
    """Note the account that the command is for."""
    note(actor_kind=account.kind, actor_id=str(account.id))


@contextmanager
def audited(ctx: click.Context) -> Iterator[None]:
    """Write the lines of a command around the `with` block, if CASEMGR_AUDIT_LOG is set.

    :raises ClickException: when the file cannot be written.
    """
    path = Config.from_environment().audit_log
    if path is None:
        yield
        return
    entry = _describe(ctx)
    try:
        _append(path, entry | {"event": "begin"})
    except OSError as error:
        raise click.ClickException(f"{_explain(path, error)} Nothing was changed.") from error
    exit_status = 1
    try:
        yield
        exit_status = 0
    except (click.ClickException, click.exceptions.Exit) as error:
        exit_status = error.exit_code
        raise
    finally:
        try:
            _append(path, entry | {"event": "end", "exit_status": exit_status} | ctx.meta.get(_FACTS, {}))
        except OSError as error:
            click.echo(f"{_explain(path, error)} The command has ended nevertheless.", err=True)


def _describe(ctx: click.Context) -> dict[str, object]:
    options = {
        # Commands read secrets from standard input or a prompt; this is for those that might take one as an option.
        parameter.name: "***" if getattr(parameter, "hide_input", False) else ctx.params[parameter.name]
        for parameter in ctx.command.params
        if parameter.name and ctx.params.get(parameter.name) not in (None, False, ())
    }
    return {
        "process": os.getpid(),
        "system_user": _system_user(),
        "sudo_user": os.environ.get("SUDO_USER") or None,
        # Without the name of the program.
        "command": ctx.command_path.partition(" ")[2],
        "options": options,
    }


def _system_user() -> str:
    # getpass believes the environment, which the user sets.
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _append(path: Path, entry: Mapping[str, object]) -> None:
    facts = {"time": datetime.now(UTC).isoformat(), **entry}
    present = {name: fact for name, fact in facts.items() if fact is not None}
    # Only `json` writes arguments that are not UTF-8.
    line = f"{json.dumps(present, default=str)}\n".encode()
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # One call, so that lines of several commands do not mix.
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(file)


def _explain(path: Path, error: OSError) -> str:
    return f"The audit log {path} cannot be written: {error.strerror}."
