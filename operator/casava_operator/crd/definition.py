"""The CustomResourceDefinition, generated from the pydantic models. Pure."""

from collections.abc import Mapping
from typing import Any

from casava_operator.crd.status import Status
from casava_operator.keys import Manifest
from casava_operator.spec import MAX_NAME, NAME_FIX
from casava_operator.spec.base import RULES_KEY
from casava_operator.spec.fields import Spec
from casava_wire import labels

_KEPT = (
    *("type", "description", "format", "enum", "default", "items", "properties", "required", "additionalProperties"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties"),
    *("x-kubernetes-validations", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
)


def crd() -> Manifest:
    """The CustomResourceDefinition of CasavaModel."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{labels.PLURAL}.{labels.GROUP}",
            # Deleting the definition deletes every model: that is never a side effect of an uninstall.
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": labels.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": labels.KIND,
                "listKind": f"{labels.KIND}List",
                "plural": labels.PLURAL,
                "singular": labels.KIND.lower(),
                "shortNames": ["casava"],
                "categories": ["casava-all"],
            },
            "versions": [_version()],
        },
    }


def _version() -> Manifest:
    return {
        "name": labels.VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": _columns(),
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        "schema": {"openAPIV3Schema": _root()},
    }


def _columns() -> list[Manifest]:
    def column(name: str, path: str, kind: str = "string", **more: Any) -> Manifest:
        return {"name": name, "type": kind, "jsonPath": path, **more}

    return [
        column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
        column("Model", ".spec.model.source"),
        column("Engine", ".status.engine.backend"),
        column("GPU", ".status.placement.summary"),
        column("Replicas", ".status.readyReplicas", "integer"),
        column("URL", ".status.url"),
        column("Age", ".metadata.creationTimestamp", "date"),
        column("Reason", '.status.conditions[?(@.type=="Ready")].reason'),
    ]


def _root() -> Manifest:
    pattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$"
    name_rule = {
        "rule": f"self.metadata.name.size() <= {MAX_NAME} && self.metadata.name.matches('{pattern}')",
        "message": NAME_FIX,
    }
    return {
        "type": "object",
        "description": "CasavaModel is one language model, served: which file, on which GPUs, and what its answers "
        "must look like.",
        "required": ["spec"],
        RULES_KEY: [name_rule],
        "properties": {
            "apiVersion": {"type": "string", "description": "Version of this schema."},
            "kind": {"type": "string", "description": "Kind of the object: CasavaModel."},
            "metadata": {"type": "object"},
            "spec": {**schema_of(Spec), "description": "What you want."},
            "status": {
                **_without_defaults(schema_of(Status)),
                "description": "What Casava sees. Written by the operator.",
            },
        },
    }


def schema_of(model: type[Spec | Status]) -> Manifest:
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
    if result.get("type") == "object" and "default" in result:
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
