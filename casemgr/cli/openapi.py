"""The command that prints the description of the API."""

import click

from casemgr.cli.shell import Command
from casemgr.config import Config
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
    /core/casemgr/v3/openapi.json and /core/casemgr/v3/openapi.yaml. The URL of its server is that in CASEMGR_BASE_URL.
    No database is needed.
    """
    # Imported on demand: the module takes long to load, and the other commands do not need it.
    from casemgr import openapi

    load_catalogues()
    print_as = openapi.as_yaml if format_ == "yaml" else openapi.as_json
    click.echo(print_as(Config.from_environment().base_url))
