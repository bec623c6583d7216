"""parse: an object as the API server stores it, or as a user wrote it in a file, becomes a frozen value.

Contracts are read and not compiled here, because that takes time: see ``casava_operator.contracts``.
"""

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from casava_operator.errors import InvalidSpec
from casava_operator.keys import Key
from casava_operator.spec.base import SpecModel
from casava_operator.spec.contracts import OutputContractSpec, object_name
from casava_operator.spec.fields import Spec
from casava_wire import labels
from casava_wire.options import LlamaOptions

MAX_NAME = 63
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
NAME_FIX = (
    "the name is also that of a Service: use at most 63 lower-case letters, digits and dashes, beginning with a letter "
    "and not ending with a dash"
)
CONTRACT_NAME_FIX = (
    "metadata.name must be spec.contract, '-v' and spec.version, such as invoice-v3 for invoice, version 3"
)

M = TypeVar("M", bound=SpecModel)


class CasavaModel(BaseModel):
    """One CasavaModel. ``uid`` is empty and ``generation`` 0 for a file that no cluster has seen.

    ``referred``: the OutputContracts that the spec refers to, by ``contract@version``; empty until they are resolved.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    namespace: str
    uid: str
    generation: int
    spec: Spec
    referred: Mapping[str, OutputContractSpec] = {}

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)


class OutputContract(BaseModel):
    """One OutputContract. ``uid`` is empty and ``generation`` 0 for a file that no cluster has seen."""

    model_config = ConfigDict(frozen=True)

    name: str
    namespace: str
    uid: str
    generation: int
    spec: OutputContractSpec


def parse(body: Mapping[str, Any]) -> CasavaModel:
    """A stored CasavaModel. Members that this version does not know are ignored.

    Raises InvalidSpec with the path of the field.
    """
    return _model(body, _spec(body.get("spec") or {}, strict=False))


def parse_file(body: Mapping[str, Any]) -> CasavaModel:
    """A CasavaModel as a user wrote it. Unknown members are refused, and the kind is checked.

    Raises InvalidSpec with the path of the field.
    """
    return _model(body, _spec(_checked(body, labels.KIND, "spec.model.source")["spec"], strict=True))


def parse_contract(body: Mapping[str, Any]) -> OutputContract:
    """A stored OutputContract. Members that this version does not know are ignored.

    Raises InvalidSpec with the path of the field.
    """
    return _contract(body, _read(OutputContractSpec, body.get("spec") or {}, strict=False))


def parse_contract_file(body: Mapping[str, Any]) -> OutputContract:
    """An OutputContract as a user wrote it. Unknown members are refused, and the kind is checked.

    Raises InvalidSpec with the path of the field.
    """
    spec = _checked(body, labels.CONTRACT_KIND, "spec.contract, spec.version and spec.schema")["spec"]
    return _contract(body, _read(OutputContractSpec, spec, strict=True))


def _checked(body: Mapping[str, Any], kind: str, least: str) -> Mapping[str, Any]:
    """The object, if it has the shape of one of that kind."""
    for field, wanted in (("apiVersion", labels.API_VERSION), ("kind", kind)):
        if body.get(field) != wanted:
            raise InvalidSpec(field, f"is {body.get(field)!r}: write {wanted}")
    for field in body:
        if field not in ("apiVersion", "kind", "metadata", "spec", "status"):
            raise InvalidSpec(str(field), "unknown field: remove it")
    if not isinstance(body.get("metadata"), Mapping):
        raise InvalidSpec("metadata", "is missing: give metadata.name")
    if not isinstance(body.get("spec"), Mapping):
        raise InvalidSpec("spec", f"is missing: give at least {least}")
    return body


def _model(body: Mapping[str, Any], spec: Spec) -> CasavaModel:
    metadata = body.get("metadata") or {}
    name = str(metadata.get("name") or "")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidSpec("metadata.name", NAME_FIX)
    return CasavaModel(name=name, **_identity(metadata), spec=spec)


def _contract(body: Mapping[str, Any], spec: OutputContractSpec) -> OutputContract:
    metadata = body.get("metadata") or {}
    name, wanted = str(metadata.get("name") or ""), object_name(spec.reference)
    if name != wanted:
        raise InvalidSpec("metadata.name", f"{CONTRACT_NAME_FIX}: here {wanted}")
    return OutputContract(name=name, **_identity(metadata), spec=spec)


def _identity(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "namespace": str(metadata.get("namespace") or "default"),
        "uid": str(metadata.get("uid") or ""),
        "generation": int(metadata.get("generation") or 0),
    }


def _spec(value: Any, *, strict: bool) -> Spec:
    spec = _read(Spec, value, strict=strict)
    _refuse_duplicates("name", [contract.name for contract in spec.contracts])
    _refuse_duplicates("contractRef", [contract.contract_ref for contract in spec.contracts])
    _check_options(spec.engine.options)
    return spec


def _read(kind: type[M], value: Any, *, strict: bool) -> M:
    """The value as a model of ``kind``. Raises InvalidSpec with the path of the first member that is wrong."""
    try:
        return _strictly(kind, value) if strict else kind.model_validate(value)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        path, message = _explain(kind, problems[0])
        raise InvalidSpec(path, message, len(problems) - 1) from None


def _strictly(kind: type[M], value: Any) -> M:
    """No unknown member, and no "3" or true where a number belongs: the API server would refuse either.

    By way of JSON, since that is what a client makes of YAML before it sends it: a bare date becomes a string.
    """
    return kind.model_validate_json(json.dumps(value, default=str), strict=True, extra="forbid")


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


def _refuse_duplicates(field: str, names: Sequence[str | None]) -> None:
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            raise InvalidSpec(f"spec.contracts[{index}].{field}", f"{name!r} is there twice: give each contract once")


def _explain(kind: type[SpecModel], problem: Mapping[str, Any]) -> tuple[str, str]:
    """Path and message of one error of pydantic's."""
    location: tuple[str | int, ...] = problem["loc"]
    context = problem.get("ctx", {})
    match problem["type"]:
        case "extra_forbidden":
            return _path(location), _unknown_field(kind, location)
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


def _unknown_field(kind: type[SpecModel], location: Sequence[str | int]) -> str:
    """The message of an unknown member, with the known one that is spelt most like it."""
    known = _members(kind, location[:-1])
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
