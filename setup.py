"""Builds the package; whatever builds it compiles the message catalogues first."""

from setuptools import setup
from setuptools.command.build import build


class Build(build):
    """Adds Babel's command, which setup.cfg configures."""

    sub_commands = [("compile_catalog", None), *build.sub_commands]  # noqa: RUF012 - setuptools declares it so


setup(cmdclass={"build": Build})
