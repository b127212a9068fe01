"""The command that prints the description of the API."""

import click

from casemgr.cli.shell import Command
from casemgr.i18n.translation import load_catalogues


@click.command(
    "openapi",
    cls=Command,
    changes=False,
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
    help="The output format.",
)
def print_openapi(format_: str) -> None:
    """Print the description of the API in OpenAPI 3.1.

    Code generators and other tools can read it. The service has the same description at
    /core/casemgr/v3/openapi.json and /core/casemgr/v3/openapi.yaml. No database is needed.
    """
    # Imported on demand: the module takes long to load, and the other commands do not need it.
    from casemgr import openapi

    load_catalogues()
    click.echo(openapi.as_yaml() if format_ == "yaml" else openapi.as_json())
