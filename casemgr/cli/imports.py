"""The commands that import and export a dataset."""

import os
from typing import BinaryIO, NoReturn

import click
from tqdm import tqdm

from casemgr.cli.audit import note
from casemgr.cli.shell import STANDARD_STREAM, Command, open_database, open_input, open_output
from casemgr.database.engine import snapshot, truncate_log
from casemgr.domain.texts import count_of
from casemgr.imports.exporter import count_records, export_dataset
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
            _print_problems(error, "<stdin>" if file == STANDARD_STREAM else file)
            raise click.exceptions.Exit(1) from error
        finally:
            truncate_log(engine)
    note(count=changes.records, changes=list(changes.describe()), stored=not dry_run)
    for line in changes.describe():
        click.echo(line)
    done = "checked. Nothing was stored." if dry_run else "imported."
    click.echo(f"{count_of(changes.records, 'record')} {done}", err=True)


@click.command(
    "export",
    cls=Command,
    epilog="""
    Examples:
      $ casemgr export cases.jsonl
      $ casemgr export | gzip > cases.jsonl.gz
    """,
)
@click.argument(
    "file",
    type=click.Path(allow_dash=True),
    default=STANDARD_STREAM,
    help='The file to create; it must not exist yet. "-", the default, is standard output.',
)
def export(file: str) -> None:
    """Export all records as JSON Lines.

    'casemgr import' reads the result (docs/dataset.md). It has what was stored when the command began, except
    passwords, secrets of client applications, and sessions. The service and other commands may write to the database
    meanwhile. A file is readable only for its owner, and appears when it is complete. On a terminal the command shows a
    progress bar.
    """
    with snapshot(open_database()) as connection, open_output(file) as stream:
        count = count_records(connection)
        lines = export_dataset(connection)
        # A progress bar would be among the lines.
        hidden = stream.isatty() or None
        stream.writelines(tqdm(lines, total=count, unit=" records", unit_scale=True, disable=hidden, leave=False))
    note(count=count)
    click.echo(f"{count_of(count, 'record')} exported.", err=True)


def _progress(stream: BinaryIO) -> "tqdm[NoReturn]":
    """Create a progress bar for reading a stream, which is shown on a terminal only."""
    size = os.fstat(stream.fileno()).st_size
    return tqdm(total=size or None, unit="B", unit_scale=True, unit_divisor=1024, disable=None, leave=False)


def _print_problems(error: DatasetError, name: str) -> None:
    for line, problem in error.problems.items():
        click.echo(f"{name}:{line}: {problem}", err=True)
    click.echo("Nothing was imported." + (" The rest was not read." if error.stopped else ""), err=True)
