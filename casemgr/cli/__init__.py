"""The console command.

Messages go to standard error, results to standard output. The exit status is 0 when done, 1 when the input or the
database is at fault, 2 on wrong usage (contract OPS-3).
"""

import sys
import warnings

import click

from casemgr.cli import accounts, database, errors, imports, openapi, sessions
from casemgr.cli.shell import Group


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
    Environment:
      CASEMGR_DATABASE_URL  The database, as an SQLAlchemy URL. An SQLite file, by
                            default sqlite:///casemgr.db in the working directory,
                            or PostgreSQL: postgresql://casemgr@localhost/casemgr
      CASEMGR_...           The other settings of the service (README.md).
                            One that cannot be used is an error here too.

    Exit status:
      0  Done.
      1  The input or the database is at fault; a message says how.
      2  Wrong usage.

    Examples:
      $ casemgr init-db
      $ casemgr import demo/dataset.jsonl
      $ casemgr session create --user nadia

    Shell completion, for Bash; the others are zsh_source and fish_source:
      $ eval "$(_CASEMGR_COMPLETE=bash_source casemgr)"

    See also:
      README.md           How to start the service, and its settings.
      docs/guide.md       The first calls, to paste.
      docs/api.md         What callers may ask for, and how they log in.
      docs/dataset.md     The import format.
      docs/operations.md  Proxy, systemd, metrics, backup, upgrade.
    """,
)
@click.version_option(package_name="casemgr")
def main() -> None:
    """Operate casemgr, the service that returns customer-service cases by ID.

    The commands prepare the database, import cases into it and manage who may ask for them. The service need not run;
    if it does, it heeds what they change from the next request on. Results go to standard output, messages to
    standard error.
    """
    if not sys.warnoptions:
        # Warnings are for developers, and show lines of code.
        warnings.simplefilter("ignore")


for command in (
    database.init_db,
    imports.import_,
    sessions.session,
    accounts.user,
    accounts.customer,
    accounts.client,
    errors.print_errors,
    openapi.print_openapi,
):
    main.add_command(command)
