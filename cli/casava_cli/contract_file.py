"""A contract from a file: the text of a schema or another kind, or an OutputContract."""

from collections.abc import Sequence
from typing import IO, Any

import click
import yaml
from pydantic import ValidationError

from casava_cli.text import clean
from casava_contract import Contract, ContractError, ErrorCode, Kind, Limits, Rule
from casava_contract import compile as compile_contract
from casava_trial import TRIED, TrialError, Trials
from casava_wire.config import ContractEntry

_OUTPUT_CONTRACT = "OutputContract"
_ENVELOPE = 64 * 1024  # bytes of an OutputContract beside its schema: rules, labels, indentation
_NOT_A_SCHEMA = "; where FILE holds a regular expression, choices or a grammar, say so with --kind"


class UnreadableError(click.ClickException):
    """The file holds no contract. The status is none of those that answer what a command asks.

    ``refused``: what the compiler says, None where it was not asked.
    """

    exit_code = 3

    def __init__(self, message: str, refused: ContractError | None = None) -> None:
        super().__init__(message)
        self.refused = refused


def read(file: IO[bytes], kind: Kind) -> Contract:
    """``kind``: of a file that is no OutputContract, which says its own. Raises UnreadableError."""
    name = str(getattr(file, "name", "-"))
    most = 2 * Limits().schema_bytes + _ENVELOPE
    raw = file.read(most + 1)
    if len(raw) > most:
        raise UnreadableError(f"{name}: is larger than {most // 1024} KiB")
    try:
        text = raw.decode()
        return _compiled(name, text, kind)
    except UnicodeDecodeError:
        raise UnreadableError(f"{name}: is not UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnreadableError(f"{name}: spec.{_place(first['loc'])}: {first['msg']}") from None
    except TrialError as error:
        raise UnreadableError(f"{name}: {error}") from None
    except ContractError as error:
        hint = _NOT_A_SCHEMA if error.code is ErrorCode.SYNTAX and kind == "json_schema" else ""
        raise UnreadableError(f"{name}: {error.code}: {error}{hint}", error) from None


def _compiled(name: str, text: str, kind: Kind) -> Contract:
    body = _object(text)
    if body is None:
        return _tried(text, kind)
    if body["kind"] != _OUTPUT_CONTRACT:
        raise UnreadableError(
            f"{name}: holds a {clean(body['kind'])}, no contract: name a file with an OutputContract or with the "
            "text of a schema; `casava plan -f` checks a whole model"
        )
    spec = body.get("spec")
    said = {_MEMBERS[key]: value for key, value in spec.items() if key in _MEMBERS} if isinstance(spec, dict) else {}
    entry = ContractEntry.model_validate({"name": "", **said})
    return _tried(entry.schema_text, entry.kind, [Rule(rule.rule, rule.message) for rule in entry.rules])


def _tried(text: str, kind: Kind, rules: Sequence[Rule] = ()) -> Contract:
    """An expression or a grammar as a cluster would accept it: after a trial."""
    if kind in TRIED:
        trials = Trials()
        try:
            trials.try_contract_sync(kind, text)
        finally:
            trials.close()
    return compile_contract(text, kind=kind, rules=rules)


def _object(text: str) -> dict[str, Any] | None:
    """The object of Kubernetes, where the text is one; None where it is something else."""
    if "kind" not in text:
        return None
    try:
        body = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
        return None
    return body if body["kind"] == _OUTPUT_CONTRACT or "apiVersion" in body else None


_MEMBERS = {"schema": "schema_text", "type": "kind", "rules": "rules"}  # what makes the contract, as the pod names it


def _place(path: tuple[int | str, ...]) -> str:
    """A member of the pod's entry, as the OutputContract names it."""
    names = {"schemaText": "schema", "schema_text": "schema", "kind": "type"}
    return ".".join(names.get(str(part), str(part)) for part in path)
