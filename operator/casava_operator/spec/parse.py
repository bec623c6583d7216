"""parse: a CasavaModel as the API server stores it, or as a user wrote it in a file, becomes a frozen value."""

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from casava_contract import ContractError
from casava_contract import compile as compile_contract
from casava_operator.errors import InvalidSpec
from casava_operator.keys import Key
from casava_operator.spec.base import SpecModel
from casava_operator.spec.fields import Contract, Spec
from casava_wire import labels
from casava_wire.options import LlamaOptions

MAX_NAME = 63
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
NAME_FIX = (
    "the name is also that of a Service: use at most 63 lower-case letters, digits and dashes, beginning with a letter "
    "and not ending with a dash"
)


class CasavaModel(BaseModel):
    """One CasavaModel. ``uid`` is empty and ``generation`` 0 for a file that no cluster has seen."""

    model_config = ConfigDict(frozen=True)

    name: str
    namespace: str
    uid: str
    generation: int
    spec: Spec

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)


def parse(body: Mapping[str, Any]) -> CasavaModel:
    """A stored object. Members that this version does not know are ignored.

    Raises InvalidSpec with the path of the field.
    """
    return _model(body, _spec(body.get("spec") or {}, strict=False))


def parse_file(body: Mapping[str, Any]) -> CasavaModel:
    """An object as a user wrote it. Unknown members are refused, and the kind is checked.

    Raises InvalidSpec with the path of the field.
    """
    for field, wanted in (("apiVersion", labels.API_VERSION), ("kind", labels.KIND)):
        if body.get(field) != wanted:
            raise InvalidSpec(field, f"is {body.get(field)!r}: write {wanted}")
    for field in body:
        if field not in ("apiVersion", "kind", "metadata", "spec", "status"):
            raise InvalidSpec(str(field), "unknown field: remove it")
    if not isinstance(body.get("metadata"), Mapping):
        raise InvalidSpec("metadata", "is missing: give metadata.name")
    if not isinstance(body.get("spec"), Mapping):
        raise InvalidSpec("spec", "is missing: give at least spec.model.source")
    return _model(body, _spec(body["spec"], strict=True))


def _model(body: Mapping[str, Any], spec: Spec) -> CasavaModel:
    metadata = body.get("metadata") or {}
    name = str(metadata.get("name") or "")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidSpec("metadata.name", NAME_FIX)
    return CasavaModel(
        name=name,
        namespace=str(metadata.get("namespace") or "default"),
        uid=str(metadata.get("uid") or ""),
        generation=int(metadata.get("generation") or 0),
        spec=spec,
    )


def _spec(value: Any, *, strict: bool) -> Spec:
    try:
        spec = _strictly(value) if strict else Spec.model_validate(value)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        first = problems[0]
        path, message = _explain(first)
        raise InvalidSpec(path, message, len(problems) - 1) from None
    _refuse_duplicates([contract.name for contract in spec.contracts])
    _check_options(spec.engine.options)
    _check_contracts(spec.contracts)
    return spec


def _strictly(value: Any) -> Spec:
    """No unknown member, and no "3" or true where a number belongs: the API server would refuse either.

    By way of JSON, since that is what a client makes of YAML before it sends it: a bare date becomes a string.
    """
    return Spec.model_validate_json(json.dumps(value, default=str), strict=True, extra="forbid")


def _check_options(options: Mapping[str, Any]) -> None:
    """The engine would refuse them too, but only after a pod had been started for it."""
    try:
        LlamaOptions.model_validate(options)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        known = [field.alias or key for key, field in LlamaOptions.model_fields.items()]
        near = get_close_matches(name, known, n=1)
        unknown = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        message = f"is no option of llama-cpp: {unknown}" if first["type"] == "extra_forbidden" else first["msg"]
        raise InvalidSpec(f"spec.engine.options.{name}", message) from None


def _check_contracts(contracts: Sequence[Contract]) -> None:
    """What the sidecar would refuse is refused here, so that it never comes to that."""
    for index, contract in enumerate(contracts):
        wrong = _schema_error(contract.schema_text)
        if wrong:
            raise InvalidSpec(f"spec.contracts[{index}].schema", f"{contract.name}: {wrong}")


@lru_cache(maxsize=1024)
def _schema_error(text: str) -> str:
    """Why a schema cannot be served, or "". Every reconcile of every model asks, so the answers are kept."""
    try:
        compile_contract(text)
    except ContractError as error:
        return str(error)
    return ""


def _refuse_duplicates(names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InvalidSpec(
                f"spec.contracts[{index}].name", f"{name!r} is there twice: names of contracts are unique"
            )


def _explain(problem: Mapping[str, Any]) -> tuple[str, str]:
    """Path and message of one error of pydantic's."""
    location: tuple[str | int, ...] = problem["loc"]
    context = problem.get("ctx", {})
    match problem["type"]:
        case "extra_forbidden":
            return _path(location), _unknown_field(location)
        case "missing":
            return _path(location), "is missing: give it"
        case "rule":
            return _path((*location, context["field"]) if context.get("field") else location), context["reason"]
        case _:
            reason = context.get("reason") if isinstance(context.get("reason"), str) else None
            return _path(location), reason or str(problem["msg"])


def _path(location: Sequence[str | int]) -> str:
    """``spec.contracts[0].schema``. What pydantic adds for the branches of a union is no part of the path."""
    path = "spec"
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z0-9_.\-/]+", part) and part not in ("int", "str", "bool", "float", "[key]"):
            path += f".{part}"
    return path


def _unknown_field(location: Sequence[str | int]) -> str:
    """The message of an unknown member, with the known one that is spelt most like it."""
    known = _members(Spec, location[:-1])
    near = get_close_matches(str(location[-1]), known, n=1)
    return f"unknown field: did you mean {near[0]!r}?" if near else f"unknown field: known are {', '.join(known)}"


def _members(model: type[SpecModel], location: Sequence[str | int]) -> list[str]:
    for part in location:
        if isinstance(part, int):
            continue
        field = next(f for name, f in model.model_fields.items() if part in (f.alias, name))
        model = next(t for t in _types(field.annotation) if isinstance(t, type) and issubclass(t, SpecModel))
    return [field.alias or name for name, field in model.model_fields.items()]


def _types(annotation: Any) -> list[Any]:
    inner = [found for argument in get_args(annotation) for found in _types(argument)]
    return [annotation, *inner]
