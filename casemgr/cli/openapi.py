"""The command that prints the description of the API."""

import click

from casemgr.cli.shell import Command


@click.command(
    "openapi",
    cls=Command,
    epilog="""
    Example:
      $ casemgr openapi --format yaml > openapi.yaml
    """,
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["json", "yaml"]),
    default="json",
    show_default=True,
    help="How it is written.",
)
def print_openapi(format_: str) -> None:
    """Print the description of the API in OpenAPI 3.1.

    It is what the service answers at /core/casemgr/v3/openapi.json and .yaml, for generators of clients and other
    programs. No database is needed.
    """
    # Imported on demand: the description takes long to load, and the other commands do not need it.
    from casemgr import openapi

    click.echo(openapi.as_yaml() if format_ == "yaml" else openapi.as_json())
