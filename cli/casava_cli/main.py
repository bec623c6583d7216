"""The command ``casava``, installed also as ``kubectl-casava``."""

from importlib.metadata import version

import click

from casava_cli.contract import contract
from casava_cli.explain import explain
from casava_cli.plan import plan


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("casava"), prog_name="casava")
def main() -> None:
    """Run your own LLMs on Kubernetes and know what every answer was guaranteed to be."""


main.add_command(plan)
main.add_command(explain)
main.add_command(contract)
