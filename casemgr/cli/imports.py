"""Commands for datasets."""

import os
from typing import BinaryIO, NoReturn

import click
from tqdm import tqdm

from casemgr.cli.shell import STANDARD_INPUT, Command, open_database, open_input
from casemgr.imports.importer import DatasetError, import_dataset


@click.command(
    "import",
    cls=Command,
    epilog="""
    Examples:
      $ casemgr import demo/dataset.jsonl
      $ cat demo/*.jsonl | casemgr import --replace -
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
    help="Replace records whose ID exists, each as a whole; otherwise their lines are bad.",
)
def import_(file: str, replace: bool) -> None:
    """Import a dataset: cases, and what they refer to.

    All or nothing: when lines are bad, the first 20 of them are reported, as "FILE:LINE: field: what is wrong", and
    nothing is stored. A terminal shows the progress.
    """
    engine = open_database()
    with open_input(file) as stream, _progress(stream) as progress:
        try:
            count = import_dataset(engine, stream, replace=replace, progress=progress.update)
        except DatasetError as error:
            progress.close()
            _report(error, "<stdin>" if file == STANDARD_INPUT else file)
            raise click.exceptions.Exit(1) from error
    click.echo(f"{count} records imported.", err=True)


def _progress(stream: BinaryIO) -> "tqdm[NoReturn]":
    """Create a progress bar for reading a stream; it shows on a terminal only."""
    size = os.fstat(stream.fileno()).st_size
    return tqdm(total=size or None, unit="B", unit_scale=True, unit_divisor=1024, disable=None, leave=False)


def _report(error: DatasetError, name: str) -> None:
    for line, problem in error.problems.items():
        click.echo(f"{name}:{line}: {problem}", err=True)
    click.echo("Nothing was imported." + (" The rest was not read." if error.stopped else ""), err=True)
