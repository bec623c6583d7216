"""``casava contract``: what a contract promises, and whether an answer keeps it, without a cluster or a model."""

from typing import IO

import click

from casava_cli.contract_text import check_lines, error_lines
from casava_contract import Contract, ContractError, Limits, State
from casava_contract import compile as compile_contract

_PIECE = 4096


@click.group()
def contract() -> None:
    """Look into output contracts."""


@contract.command()
@click.argument("file", type=click.File("rb"))
@click.option("--engine", default="llama-cpp", show_default=True, help="The engine that would be constrained.")
def check(file: IO[bytes], engine: str) -> None:
    """Say which keywords of the JSON Schema in FILE (JSON or YAML) are enforced, by whom and when.

    FILE may be '-' for standard input.
    """
    for line in check_lines(_compiled(file), engine):
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


def _compiled(file: IO[bytes]) -> Contract:
    name = str(getattr(file, "name", "-"))
    most = Limits().schema_bytes
    raw = file.read(most + 1)
    try:
        return compile_contract(raw.decode())
    except UnicodeDecodeError:
        raise click.ClickException(f"{name}: is not UTF-8") from None
    except ContractError as error:
        raise click.ClickException(f"{name}: {error.code}: {error}") from None
