"""The CustomResourceDefinitions, generated from the pydantic models. Pure."""

from collections.abc import Mapping
from typing import Any

from casava_operator.crd.contract_status import OutputContractStatus
from casava_operator.crd.status import Status
from casava_operator.keys import Manifest
from casava_operator.spec import CONTRACT_NAME_FIX, MAX_NAME, NAME_FIX, OutputContractSpec, Spec
from casava_operator.spec.base import RULES_KEY, SpecModel
from casava_wire import labels

_KEPT = (
    *("type", "description", "format", "enum", "default", "items", "properties", "required", "additionalProperties"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties"),
    *("x-kubernetes-validations", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
)


def crd() -> Manifest:
    """The CustomResourceDefinition of CasavaModel."""
    pattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$"
    name_rule = {
        "rule": f"self.metadata.name.size() <= {MAX_NAME} && self.metadata.name.matches('{pattern}')",
        "message": NAME_FIX,
    }
    text = "CasavaModel is one language model, served: which file, on which GPUs, and what its answers must look like."
    return _definition(
        labels.KIND,
        labels.PLURAL,
        short="casava",
        columns=_model_columns(),
        schema=_root(labels.KIND, text, rules=[name_rule], spec=schema_of(Spec), status=schema_of(Status)),
        scale={
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        },
    )


def contract_crd() -> Manifest:
    """The CustomResourceDefinition of OutputContract."""
    name_rule = {
        # Not a comparison with the whole name: the cost of adding string(...) to a string is estimated as endless.
        "rule": "self.metadata.name.startsWith(self.spec.contract + '-v') && "
        "self.metadata.name.substring(size(self.spec.contract) + 2) == string(self.spec.version)",
        "message": CONTRACT_NAME_FIX,
    }
    spec = schema_of(OutputContractSpec)
    unchanging = {
        "rule": "self == oldSelf",
        "message": "a version of a contract never changes: make the next one, an object of its own with a higher "
        "spec.version, and refer to that",
    }
    spec[RULES_KEY] = [unchanging, *spec[RULES_KEY]]
    text = "OutputContract is one version of what answers must look like. CasavaModels refer to it in spec.contracts."
    return _definition(
        labels.CONTRACT_KIND,
        labels.CONTRACT_PLURAL,
        short="contract",
        columns=_contract_columns(),
        schema=_root(labels.CONTRACT_KIND, text, rules=[name_rule], spec=spec, status=schema_of(OutputContractStatus)),
    )


def _definition(
    kind: str, plural: str, *, short: str, columns: list[Manifest], schema: Manifest, scale: Manifest | None = None
) -> Manifest:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{labels.GROUP}",
            # Deleting the definition deletes every object of it: that is never a side effect of an uninstall.
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": labels.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": [short],
                "categories": ["casava-all"],
            },
            "versions": [
                {
                    "name": labels.VERSION,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": columns,
                    "subresources": {"status": {}} | ({"scale": scale} if scale else {}),
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def _column(name: str, path: str, kind: str = "string") -> Manifest:
    return {"name": name, "type": kind, "jsonPath": path}


def _model_columns() -> list[Manifest]:
    return [
        _column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        _column("Model", ".spec.model.source"),
        _column("Engine", ".status.engine.backend"),
        _column("GPU", ".status.placement.summary"),
        _column("Replicas", ".status.readyReplicas", "integer"),
        _column("URL", ".status.url"),
        _column("Age", ".metadata.creationTimestamp", "date"),
        _column("Reason", '.status.conditions[?(@.type=="Ready")].reason'),
    ]


def _contract_columns() -> list[Manifest]:
    return [
        _column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        _column("Contract", ".status.reference"),
        _column("Type", ".spec.type"),
        _column("Satisfiable", ".status.satisfiable"),
        _column("Compatible", ".status.compatibility.accepts"),
        _column("Models", ".status.usedByCount", "integer"),
        _column("Age", ".metadata.creationTimestamp", "date"),
        _column("Reason", '.status.conditions[?(@.type=="Ready")].reason'),
    ]


def _root(kind: str, text: str, *, rules: list[Manifest], spec: Manifest, status: Manifest) -> Manifest:
    return {
        "type": "object",
        "description": text,
        "required": ["spec"],
        RULES_KEY: rules,
        "properties": {
            "apiVersion": {"type": "string", "description": "Version of this schema."},
            "kind": {"type": "string", "description": f"Kind of the object: {kind}."},
            "metadata": {"type": "object"},
            "spec": {**spec, "description": "What you want."},
            "status": {
                **_without_defaults(status),
                "description": "What Casava sees. Written by the operator.",
            },
        },
    }


def schema_of(model: type[SpecModel]) -> Manifest:
    """The structural schema of a model: no references, no unions, only what the API server knows."""
    schema = model.model_json_schema(by_alias=True)
    return _structural(schema, schema.get("$defs", {}))


def _structural(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Manifest:
    flat = _flatten(node, definitions)
    result: Manifest = {key: flat[key] for key in _KEPT if key in flat}
    if "properties" in result:
        result["properties"] = {name: _structural(member, definitions) for name, member in result["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in result:
            result[key] = _structural(result[key], definitions)
    if result.get("type") == "array":
        result.setdefault("x-kubernetes-list-type", "atomic")
    if result.get("type") == "object" and result.get("default") is not None:
        result["default"] = {}  # its members bring their own
    if result.get("default") is None or not (result["default"] or _has_defaults(result)):
        result.pop("default", None)  # an empty list or object says no more than an absent one
    return result


def _flatten(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Manifest:
    """A node with its reference resolved and its null branch gone; what stands nearer to the field wins."""
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _joined(_flatten(target, definitions), {key: value for key, value in node.items() if key != "$ref"})
    if "anyOf" in node:
        (only,) = (branch for branch in node["anyOf"] if branch.get("type") != "null")
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        return _joined(_flatten(only, definitions), rest)
    if "const" in node:
        return {**node, "enum": [node["const"]]}
    return dict(node)


def _joined(inner: Manifest, outer: Manifest) -> Manifest:
    rules = [*inner.get(RULES_KEY, []), *outer.get(RULES_KEY, [])]
    return {**inner, **outer, **({RULES_KEY: rules} if rules else {})}


def _has_defaults(schema: Mapping[str, Any]) -> bool:
    """Whether an absent object must come into being for the defaults of its members."""
    return any("default" in member for member in schema.get("properties", {}).values())


def _without_defaults(schema: Manifest) -> Manifest:
    """The same schema without a default anywhere: nothing but the operator fills the status."""
    result = {key: value for key, value in schema.items() if key != "default"}
    if "properties" in result:
        result["properties"] = {name: _without_defaults(member) for name, member in result["properties"].items()}
    if "items" in result:
        result["items"] = _without_defaults(result["items"])
    return result
