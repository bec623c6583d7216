"""``casava contract``: what a contract promises, and whether an answer keeps it, without a cluster or a model."""

from collections.abc import Iterable, Iterator
from typing import IO

import click

from casava_cli import contract_file
from casava_cli.contract_diff import diff_lines
from casava_cli.contract_repair import repair_lines
from casava_cli.contract_text import check_lines, error_lines, refused_lines
from casava_contract import ENGINES, KINDS, Contract, ContractError, JsonContract, Kind, Limits, State
from casava_contract import compile as compile_contract
from casava_contract.versions import Answer, compare
from casava_trial import TrialError, Trials

_PIECE = 4096
_TRIED = ("regex", "lark", "gbnf")

_kind = click.option(
    "--kind", type=click.Choice(KINDS), default="json_schema", show_default=True, help="What plain files hold."
)
_UNENFORCEABLE = 422


@click.group()
def contract() -> None:
    """Look into output contracts."""


@contract.command()
@click.argument("file", type=click.File("rb"))
@_kind
@click.option("--engine", "engines", multiple=True, help=f"{', '.join(ENGINES)}. May be repeated; all of them without.")
def check(file: IO[bytes], kind: Kind, engines: tuple[str, ...]) -> None:
    """Say which keywords of the contract in FILE are enforced, by whom and when.

    A JSON Schema is JSON or YAML, and so is a list of choices; a regular expression or a grammar is plain text. FILE
    may be '-' for standard input. With one --engine the reasons are said as well.
    """
    for line in check_lines(_compiled(file, kind, explain=True), engines or ENGINES):
        click.echo(line)


@contract.command()
@click.argument("file", type=click.File("rb"))
@click.argument("answer", type=click.File("rb"), default="-")
@_kind
@click.option("--cut", is_flag=True, help="The answer was cut off, by a limit of tokens for example.")
def test(file: IO[bytes], answer: IO[bytes], kind: Kind, cut: bool) -> None:
    """Hold an ANSWER (standard input, unless a file is named) against the contract in FILE, as a stream would be.

    Ends with status 0 where it is valid and 1 where it is not, with a caret under the byte that decided it and the
    edits by which a repair would make it valid. One line end after a text that is not JSON is the shell's, and not the
    answer's.
    """
    held = _compiled(file, kind)
    validator = held.validator()
    read = bytearray()
    for piece in _pieces(answer) if isinstance(held, JsonContract) else _unended(_pieces(answer)):
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


def _compiled(file: IO[bytes], kind: Kind, *, explain: bool = False) -> Contract:
    """``explain``: what makes the contract one that nobody can enforce is shown as a line of the table."""
    name = str(getattr(file, "name", "-"))
    most = Limits().schema_bytes
    raw = file.read(most + 1)
    try:
        return _tried(raw.decode(), kind)
    except UnicodeDecodeError:
        raise click.ClickException(f"{name}: is not UTF-8") from None
    except ContractError as error:
        for line in refused_lines(error) if explain and error.status == _UNENFORCEABLE else ():
            click.echo(line)
        raise click.ClickException(f"{name}: {error.code}: {error}") from None


def _tried(text: str, kind: Kind) -> Contract:
    """An expression or a grammar as a cluster would accept it: after a trial."""
    if kind in _TRIED:
        trials = Trials()
        try:
            trials.try_contract_sync(kind, text)
        except TrialError as error:
            raise click.ClickException(str(error)) from None
        finally:
            trials.close()
    return compile_contract(text, kind=kind)
