"""``casava contract``: what a contract promises, and whether an answer keeps it, without a cluster or a model."""

from typing import IO

import click

from casava_cli import contract_file
from casava_cli.contract_diff import diff_lines
from casava_cli.contract_text import check_lines, error_lines, refused_lines
from casava_contract import ENGINES, KINDS, Contract, ContractError, Kind, Limits, State
from casava_contract import compile as compile_contract
from casava_contract.compat import Answer, compare

_PIECE = 4096
_UNENFORCEABLE = 422


@click.group()
def contract() -> None:
    """Look into output contracts."""


@contract.command()
@click.argument("file", type=click.File("rb"))
@click.option("--engine", "engines", multiple=True, help=f"{', '.join(ENGINES)}. May be repeated; all of them without.")
def check(file: IO[bytes], engines: tuple[str, ...]) -> None:
    """Say which keywords of the JSON Schema in FILE (JSON or YAML) are enforced, by whom and when.

    FILE may be '-' for standard input. With one --engine the reasons are said as well.
    """
    for line in check_lines(_compiled(file, explain=True), engines or ENGINES):
        click.echo(line)


@contract.command()
@click.argument("file", type=click.File("rb"))
@click.argument("answer", type=click.File("rb"), default="-")
def test(file: IO[bytes], answer: IO[bytes]) -> None:
    """Hold an ANSWER (standard input, unless a file is named) against the JSON Schema in FILE, as a stream would be.

    Ends with status 0 where it is valid and 1 where it is not, with a caret under the byte that decided it.
    """
    held = _compiled(file)
    validator = held.validator()
    read = bytearray()
    while piece := answer.read(_PIECE):
        read += piece
        if validator.feed(piece).state is State.DEAD:
            break
    verdict = validator.finish()
    if verdict.state is State.VALID:
        click.echo(f"valid: {len(read)} bytes")
        return
    click.echo("invalid")
    for error in verdict.errors:
        for line in error_lines(error, bytes(read)):
            click.echo(line)
    raise SystemExit(1)


@contract.command()
@click.argument("old", type=click.File("rb"))
@click.argument("new", type=click.File("rb"))
@click.option(
    "--kind", type=click.Choice(KINDS), default="json_schema", show_default=True, help="What plain files hold."
)
@click.option(
    "--require",
    type=click.Choice(("both", "accepts", "readable")),
    default="both",
    show_default=True,
    help="Which of the two answers the status tells.",
)
def diff(old: IO[bytes], new: IO[bytes], kind: Kind, require: str) -> None:
    """Say whether the contract in NEW takes what the one in OLD took, and whether who reads by OLD can read NEW.

    Each file is an OutputContract, or the text of a schema. Ends with status 0 where the answers are yes, 1 where one
    is no, 2 where one is not known (and for wrong usage), 3 where a file holds no contract.
    """
    before, after = contract_file.read(old, kind), contract_file.read(new, kind)
    found = compare(before, after)
    for line in diff_lines(before, after, found):
        click.echo(line)
    answers = {name: finding.answer for name, finding in (("accepts", found.accepts), ("readable", found.readable))}
    asked = list(answers.values()) if require == "both" else [answers[require]]
    if Answer.NO in asked:
        raise SystemExit(1)
    if Answer.UNKNOWN in asked:
        raise SystemExit(2)


def _compiled(file: IO[bytes], *, explain: bool = False) -> Contract:
    """``explain``: what makes the contract one that nobody can enforce is shown as a line of the table."""
    name = str(getattr(file, "name", "-"))
    most = Limits().schema_bytes
    raw = file.read(most + 1)
    try:
        return compile_contract(raw.decode())
    except UnicodeDecodeError:
        raise click.ClickException(f"{name}: is not UTF-8") from None
    except ContractError as error:
        for line in refused_lines(error) if explain and error.status == _UNENFORCEABLE else ():
            click.echo(line)
        raise click.ClickException(f"{name}: {error.code}: {error}") from None
