"""Prints the source of the encoder of cases: `python -m casemgr.representations user json created,notes`."""

import argparse

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ALL, ATTRIBUTES, Attribute
from casemgr.http.media_types import MediaType
from casemgr.representations import generate_case_encoder


def main() -> None:
    """Parse the arguments and print the source."""
    parser = argparse.ArgumentParser("python -m casemgr.representations", description="Print the source of an encoder.")
    parser.add_argument("kind", type=ActorKind, choices=list(ActorKind), help="the kind of actor")
    parser.add_argument("format", choices=[media_type.name.lower() for media_type in MediaType])
    parser.add_argument("attributes", nargs="?", default="", help="as in $attribute; without it, the summary alone")
    arguments = parser.parse_args()
    names = arguments.attributes.split(",") if arguments.attributes else []
    try:
        attributes = ATTRIBUTES[arguments.kind] if names == [ALL] else tuple(map(Attribute, names))
    except ValueError as error:
        parser.error(str(error))
    media_type = MediaType[arguments.format.upper()]
    print(generate_case_encoder(media_type, arguments.kind, frozenset(attributes)).source(), end="")  # noqa: T201


if __name__ == "__main__":
    main()
