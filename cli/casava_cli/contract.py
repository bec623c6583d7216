"""``casava contract``: what a contract promises, and whether an answer keeps it, without a cluster or a model."""

from typing import IO

import click

from casava_cli.contract_text import check_lines, error_lines, refused_lines
from casava_contract import ENGINES, Contract, ContractError, Limits, State
from casava_contract import compile as compile_contract

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
