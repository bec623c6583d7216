"""A contract from a file: the text of a schema or another kind, or an OutputContract."""

from typing import IO, Any

import click
import yaml
from pydantic import ValidationError

from casava_contract import Contract, ContractError, Kind, Limits, Rule
from casava_contract import compile as compile_contract
from casava_wire.config import ContractEntry

_OUTPUT_CONTRACT = "OutputContract"
_ENVELOPE = 64 * 1024  # bytes of an OutputContract beside its schema: rules, labels, indentation


class UnreadableError(click.ClickException):
    """The file holds no contract. The status differs from those that say how two contracts compare."""

    exit_code = 3


def read(file: IO[bytes], kind: Kind) -> Contract:
    """``kind``: of a file that is no OutputContract, which says its own. Raises UnreadableError."""
    name = str(getattr(file, "name", "-"))
    most = 2 * Limits().schema_bytes + _ENVELOPE
    raw = file.read(most + 1)
    if len(raw) > most:
        raise UnreadableError(f"{name}: is larger than {most // 1024} KiB")
    try:
        text = raw.decode()
        body = _output_contract(text)
        return compile_contract(text, kind=kind) if body is None else _compiled(body)
    except UnicodeDecodeError:
        raise UnreadableError(f"{name}: is not UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnreadableError(f"{name}: spec.{_place(first['loc'])}: {first['msg']}") from None
    except ContractError as error:
        raise UnreadableError(f"{name}: {error.code}: {error}") from None


def _output_contract(text: str) -> dict[str, Any] | None:
    """The object, where the text is one; None where it is something else."""
    if _OUTPUT_CONTRACT not in text:
        return None
    try:
        body = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return body if isinstance(body, dict) and body.get("kind") == _OUTPUT_CONTRACT else None


_MEMBERS = {"schema": "schema_text", "type": "kind", "rules": "rules"}  # what makes the contract, as the pod names it


def _compiled(body: dict[str, Any]) -> Contract:
    spec = body.get("spec")
    said = {_MEMBERS[name]: value for name, value in spec.items() if name in _MEMBERS} if isinstance(spec, dict) else {}
    entry = ContractEntry.model_validate({"name": "", **said})
    rules = [Rule(rule.rule, rule.message) for rule in entry.rules]
    return compile_contract(entry.schema_text, kind=entry.kind, rules=rules)


def _place(path: tuple[int | str, ...]) -> str:
    """A member of the pod's entry, as the OutputContract names it."""
    names = {"schemaText": "schema", "schema_text": "schema", "kind": "type"}
    return ".".join(names.get(str(part), str(part)) for part in path)
