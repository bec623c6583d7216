"""``casava contract``: what a contract promises, and whether an answer keeps it, without a cluster or a model."""

from collections.abc import Iterable, Iterator
from typing import IO

import click

from casava_cli import contract_file
from casava_cli.contract_diff import diff_lines
from casava_cli.contract_repair import repair_lines
from casava_cli.contract_text import check_lines, error_lines, refused_lines
from casava_contract import ENGINES, KINDS, Kind, State
from casava_contract.versions import Answer, compare

_PIECE = 4096

_kind = click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="json_schema",
    show_default=True,
    help="What a file holds, if no OutputContract.",
)
_UNENFORCEABLE = 422


@click.group()
def contract() -> None:
    """Look into output contracts."""


@contract.command()
@click.argument("file", type=click.File("rb"))
@_kind
@click.option(
    "--engine",
    "engines",
    type=click.Choice(ENGINES),
    multiple=True,
    help="With one, the reasons are said too. May be repeated.  [default: all]",
)
def check(file: IO[bytes], kind: Kind, engines: tuple[str, ...]) -> None:
    """Say which keywords of the contract in FILE are enforced, by whom and when.

    FILE is an OutputContract, or the text of a contract: a JSON Schema as JSON or YAML, and with --kind a list of
    choices as JSON or YAML, a regular expression or a grammar. It may be '-' for standard input. Ends with status 0
    where the contract is accepted, and 3 where it is not.
    """
    try:
        held = contract_file.read(file, kind)
    except contract_file.UnreadableError as error:
        if error.refused is not None and error.refused.status == _UNENFORCEABLE:
            for line in refused_lines(error.refused):
                click.echo(line)
        raise
    for line in check_lines(held, engines or ENGINES):
        click.echo(line)


@contract.command()
@click.argument("file", type=click.File("rb"))
@click.argument("answer", type=click.File("rb"), default="-")
@_kind
@click.option("--cut", is_flag=True, help="The answer was cut off, by a limit of tokens for example.")
def test(file: IO[bytes], answer: IO[bytes], kind: Kind, cut: bool) -> None:
    """Hold an ANSWER (standard input, unless a file is named) against the contract in FILE, as a stream would be.

    FILE is an OutputContract, or the text of a contract. Ends with status 0 where the answer is valid, 1 where it is
    not, with a caret under the byte that decided it and the edits by which a repair would make it valid, and 3 where
    FILE holds no contract. One line end after the answer is the shell's, and not the answer's.
    """
    held = contract_file.read(file, kind)
    validator = held.validator()
    read = bytearray()
    for piece in _unended(_pieces(answer)):
        read += piece
        validator.feed(piece)
        if len(read) > held.limits.output_bytes:
            break
    verdict = validator.finish()
    if verdict.state is State.VALID:
        click.echo(f"valid: {len(read)} bytes")
        return
    click.echo("invalid")
    for error in verdict.errors:
        for line in error_lines(error, bytes(read)):
            click.echo(line)
    for line in repair_lines(held, bytes(read), finished=not cut):
        click.echo(line)
    raise SystemExit(1)


@contract.command()
@click.argument("old", type=click.File("rb"))
@click.argument("new", type=click.File("rb"))
@_kind
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


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _unended(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same without a line end after all of it."""
    held = b""
    for piece in pieces:
        whole = held + piece
        kept = whole.removesuffix(b"\n").removesuffix(b"\r")
        held = whole[len(kept) :]
        yield kept
