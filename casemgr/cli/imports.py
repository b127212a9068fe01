"""The command that imports a dataset."""

import os
from typing import BinaryIO, NoReturn

import click
from tqdm import tqdm

from casemgr.cli.audit import note
from casemgr.cli.shell import STANDARD_INPUT, Command, open_database, open_input
from casemgr.database.engine import truncate_log
from casemgr.imports.importer import DatasetError, import_dataset


@click.command(
    "import",
    cls=Command,
    epilog="""
    Examples:
      $ casemgr import demo/dataset.jsonl
      $ cat demo/*.jsonl | casemgr import --replace -
      $ casemgr import --replace --dry-run delta.jsonl
    """,
)
@click.argument(
    "file",
    type=click.Path(allow_dash=True),
    help='JSON Lines in UTF-8, one record a line (docs/dataset.md); "-" is standard input.',
)
@click.option(
    "--replace",
    is_flag=True,
    help="Replace existing records as a whole, and ignore deletions of what does not exist; by default, a record whose"
    " ID exists is a bad line, and so is such a deletion.",
)
@click.option("--dry-run", is_flag=True, help="Check all of it and print what would change, but store nothing.")
def import_(file: str, replace: bool, dry_run: bool) -> None:
    """Import cases and the records that they refer to, or delete them.

    An import is all or nothing: if there are bad lines, the command stores nothing and reports the first 20 of them as
    "FILE:LINE: field: problem". On a terminal it shows a progress bar. In the end it prints, for each type, how many
    records were created, replaced and deleted.
    """
    engine = open_database()
    with open_input(file) as stream, _progress(stream) as progress:
        try:
            changes = import_dataset(engine, stream, replace=replace, dry_run=dry_run, progress=progress.update)
        except DatasetError as error:
            progress.close()
            _print_problems(error, "<stdin>" if file == STANDARD_INPUT else file)
            raise click.exceptions.Exit(1) from error
        finally:
            truncate_log(engine)
    note(count=changes.records, stored=not dry_run)
    for line in changes.describe():
        click.echo(line)
    done = "checked. Nothing was stored." if dry_run else "imported."
    click.echo(f"{changes.records} records {done}", err=True)


def _progress(stream: BinaryIO) -> "tqdm[NoReturn]":
    """Create a progress bar for reading a stream, which is shown on a terminal only."""
    size = os.fstat(stream.fileno()).st_size
    return tqdm(total=size or None, unit="B", unit_scale=True, unit_divisor=1024, disable=None, leave=False)


def _print_problems(error: DatasetError, name: str) -> None:
    for line, problem in error.problems.items():
        click.echo(f"{name}:{line}: {problem}", err=True)
    click.echo("Nothing was imported." + (" The rest was not read." if error.stopped else ""), err=True)
