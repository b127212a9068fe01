"""The `casemgr` command.

Results go to standard output, messages to standard error. The exit status is 0 on success, 1 when the input or the
database is at fault, and 2 on wrong usage (contract OPS-3).
"""

import sys
import warnings

import click

from casemgr.cli import accounts, database, errors, imports, openapi, serve, sessions, status
from casemgr.cli.shell import Group
from casemgr.config import check_names


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
    Environment:
      CASEMGR_DATABASE_URL  The SQLAlchemy URL of the database: an SQLite file, by
                            default sqlite:///casemgr.db in the working directory,
                            or PostgreSQL: postgresql://casemgr@localhost/casemgr
      CASEMGR_...           The other settings (docs/configuration.md). An invalid
                            setting is an error for every command that reads them,
                            and a misspelt name is one for all commands.

    Exit status:
      0  Success.
      1  The input or the database is at fault; a message explains the fault.
      2  Wrong usage.

    Examples:
      $ casemgr init-db
      $ casemgr import demo/dataset.jsonl
      $ casemgr session create --user nadia

    Shell completion in Bash (in Zsh: zsh_source, in fish: fish_source):
      $ eval "$(_CASEMGR_COMPLETE=bash_source casemgr)"

    See also:
      README.md              Overview and quick start.
      docs/configuration.md  The settings.
      docs/guide.md          The first requests, ready to paste.
      docs/api.md            Reference of the API: requests, logins, errors.
      docs/dataset.md        The format of imports and exports.
      docs/operations.md     Proxy, systemd, metrics, backup, upgrade.
    """,
)
@click.version_option(package_name="casemgr")
def main() -> None:
    """Operate casemgr, the service that returns customer-service cases by ID.

    The commands prepare the database, import cases and manage accounts and sessions. They access the database
    directly, so the service need not be running; if it is, changes apply from the next request on. Results go to
    standard output, messages to standard error.
    """
    if not sys.warnoptions:
        # Warnings are for developers: they quote lines of code.
        warnings.simplefilter("ignore")
    check_names()


for command in (
    serve.serve,
    database.init_db,
    status.status,
    database.back_up,
    database.restore,
    imports.import_,
    imports.export,
    sessions.session,
    accounts.user,
    accounts.customer,
    accounts.client,
    errors.print_errors,
    openapi.print_openapi,
):
    main.add_command(command)
