"""Specs for tests: one that is right, and every way of getting one wrong, with the field and the fix to be told."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

MINIMAL: Spec = {"model": {"source": "file:///models/a.gguf"}}


def body(spec: Spec, name: str = "invoices", **metadata: Any) -> dict[str, Any]:
    """A CasavaModel with that spec."""
    return {
        "apiVersion": "casava.dev/v1alpha1",
        "kind": "CasavaModel",
        "metadata": {"name": name, **metadata},
        "spec": deepcopy(spec),
    }


@dataclass(frozen=True)
class Wrong:
    """One mistake. ``path``: the field to blame; ``says``: what both the API server and the operator must say."""

    sentence: str
    spec: Spec
    path: str
    says: str
    only_operator: bool = False  # CEL cannot say it
    name: str = ""  # of the object, where it is not the usual one


def _with(**members: Any) -> Spec:
    return {**MINIMAL, **members}


def _source(source: str, **more: Any) -> Spec:
    return {"model": {"source": source, **more}}


_PEER: Spec = {"podSelector": {}}
_SELECTOR_PATH = "spec.serving.allowFrom[0].podSelector.matchExpressions[0].values"

WRONG = (
    Wrong("no model", {"engine": {}}, "spec.model", ""),
    Wrong(
        "an unknown scheme", _source("s3://bucket/a.gguf"), "spec.model.source", "write file:///path, pvc://claim/path"
    ),
    Wrong("a claim without a path", _source("pvc://claim"), "spec.model.source", "pvc://claim/path"),
    Wrong(
        "a password in the URL", _source("https://me:secret@host/a"), "spec.model.source", "without user or password"
    ),
    Wrong("a port in words", _source("https://host:http/a", sha256="0" * 64), "spec.model.source", "without user or"),
    Wrong(
        "a port that is too high", _source("https://host:65536/a", sha256="0" * 64), "spec.model.source", "without user"
    ),
    Wrong("half an address", _source("https://[::1/a", sha256="0" * 64), "spec.model.source", "https://host/path"),
    Wrong("https without a checksum", _source("https://host/a.gguf"), "spec.model.sha256", "sha256sum FILE"),
    Wrong(
        "a short checksum", _source("https://host/a", sha256="abc"), "spec.model.sha256", "64 lower-case hexadecimal"
    ),
    Wrong("a path that climbs", _source("pvc://claim/../../etc/passwd"), "spec.model.source", "write it in full"),
    Wrong("an unknown engine", _with(engine={"backend": "vllm"}), "spec.engine.backend", "llama-cpp"),
    Wrong("no threads", _with(engine={"threads": 0}), "spec.engine.threads", "write auto or a number from 1 to 1024"),
    Wrong("threads in words", _with(engine={"threads": "many"}), "spec.engine.threads", "write auto or a number"),
    Wrong("a negative length", _with(engine={"maxSequenceLength": -1}), "spec.engine.maxSequenceLength", "64"),
    Wrong(
        "an option that the engine lacks",
        _with(engine={"options": {"kvCacheToken": 4096}}),
        "spec.engine.options.kvCacheToken",
        "did you mean kvCacheTokens?",
        only_operator=True,
    ),
    Wrong(
        "an option of the wrong type",
        _with(engine={"options": {"batchTokens": "many"}}),
        "spec.engine.options.batchTokens",
        "integer",
        only_operator=True,
    ),
    Wrong("no GPU named", _with(placement=[{"gpu": []}]), "spec.placement[0].gpu", "1"),
    Wrong("a negative count of GPUs", _with(placement=[{"gpu": ["L4"], "count": -1}]), "spec.placement[0].count", "1"),
    Wrong("negative replicas", _with(replicas=-1), "spec.replicas", "0"),
    Wrong(
        "fewer at most than at least",
        _with(scaling={"minReplicas": 3, "maxReplicas": 1}),
        "spec.scaling.maxReplicas",
        "raise maxReplicas or lower minReplicas",
    ),
    Wrong("no replica at least", _with(scaling={"minReplicas": 0}), "spec.scaling.minReplicas", "1"),
    Wrong(
        "a target that 429s would hide",
        _with(scaling={"target": {"inFlight": 9}}, serving={"maxConcurrent": 8}),
        "spec.scaling.target.inFlight",
        "Lower inFlight or raise serving.maxConcurrent",
    ),
    Wrong(
        "a contract twice",
        _with(contracts=[{"name": "a", "schema": "{}"}, {"name": "a", "schema": "{}"}]),
        "spec.contracts[1]",
        "",
    ),
    Wrong(
        "a contract in capitals",
        _with(contracts=[{"name": "A", "schema": "{}"}]),
        "spec.contracts[0].name",
        "lower-case",
    ),
    Wrong("a contract without schema", _with(contracts=[{"name": "a"}]), "spec.contracts[0].schema", ""),
    Wrong(
        "a schema as an object", _with(contracts=[{"name": "a", "schema": {}}]), "spec.contracts[0].schema", "string"
    ),
    Wrong(
        "a schema of 64 KiB and a bit",
        _with(contracts=[{"name": "a", "schema": '{"description": "' + "x" * 65_536 + '"}'}]),
        "spec.contracts[0].schema",
        "65536",
    ),
    Wrong(
        "a schema whose bytes are more than its characters",
        _with(contracts=[{"name": "a", "schema": '{"description": "' + "\u00e4" * 40_000 + '"}'}]),
        "spec.contracts",
        "larger than 64 KiB",
    ),
    Wrong(
        "contracts of more than 180 KiB",
        _with(contracts=[{"name": n, "schema": '{"description": "' + "x" * 62_000 + '"}'} for n in "abc"]),
        "spec.contracts",
        "larger than 180 KiB together",
    ),
    Wrong(
        "a schema that is no JSON and no YAML",
        _with(contracts=[{"name": "fine", "schema": "{}"}, {"name": "a", "schema": "a: b: c"}]),
        "spec.contracts[1].schema",
        "not YAML",
        only_operator=True,
    ),
    Wrong(
        "a schema that leads elsewhere",
        _with(contracts=[{"name": "a", "schema": '{"$ref": "https://example.com/schema.json"}'}]),
        "spec.contracts[0].schema",
        "is never fetched",
        only_operator=True,
    ),
    Wrong(
        "a schema of an unknown type",
        _with(contracts=[{"name": "a", "schema": '{"properties": {"b": {"type": "strin"}}}'}]),
        "spec.contracts[0].schema",
        "#/properties/b/type",
        only_operator=True,
    ),
    Wrong("no concurrency", _with(serving={"maxConcurrent": 0}), "spec.serving.maxConcurrent", "1"),
    Wrong(
        "a timeout without unit", _with(serving={"timeout": "30"}), "spec.serving.timeout", "write a duration from 1s"
    ),
    Wrong("a negative timeout", _with(serving={"timeout": "-30s"}), "spec.serving.timeout", "write a duration from 1s"),
    Wrong("a drain of a day", _with(serving={"drainTimeout": "24h"}), "spec.serving.drainTimeout", "to 1h"),
    Wrong("nobody allowed", _with(serving={"allowFrom": []}), "spec.serving.allowFrom", "1"),
    Wrong(
        "a peer of two kinds",
        _with(serving={"allowFrom": [{**_PEER, "ipBlock": {"cidr": "10.0.0.0/8"}}]}),
        "spec.serving.allowFrom[0]",
        "give either ipBlock",
    ),
    Wrong("a peer of no kind", _with(serving={"allowFrom": [{}]}), "spec.serving.allowFrom[0]", "give either ipBlock"),
    Wrong(
        "a block of no addresses",
        _with(serving={"allowFrom": [{"ipBlock": {"cidr": "the office"}}]}),
        "spec.serving.allowFrom[0].ipBlock.cidr",
        "10.0.0.0/8",
    ),
    Wrong(
        "an address of five parts",
        _with(serving={"allowFrom": [{"ipBlock": {"cidr": "10.0.0.0.0/8"}}]}),
        "spec.serving.allowFrom[0].ipBlock.cidr",
        "10.0.0.0/8",
        only_operator=True,
    ),
    Wrong(
        "a block that begins in its middle",
        _with(serving={"allowFrom": [{"ipBlock": {"cidr": "10.1.2.3/8"}}]}),
        "spec.serving.allowFrom[0].ipBlock.cidr",
        "its first address",
        only_operator=True,
    ),
    Wrong(
        "an exception outside of its block",
        _with(serving={"allowFrom": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["192.168.0.0/16"]}}]}),
        "spec.serving.allowFrom[0].ipBlock.except",
        "192.168.0.0/16 is not a smaller block inside 10.0.0.0/8",
        only_operator=True,
    ),
    Wrong(
        "an exception as large as its block",
        _with(serving={"allowFrom": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}]}),
        "spec.serving.allowFrom[0].ipBlock.except",
        "not a smaller block",
        only_operator=True,
    ),
    Wrong(
        "a label that no object can have",
        _with(
            serving={
                "allowFrom": [
                    {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a b"]}]}}
                ]
            }
        ),
        _SELECTOR_PATH,
        "write labels as Kubernetes has them",
        only_operator=True,
    ),
    Wrong(
        "Exists with values",
        _with(
            serving={
                "allowFrom": [
                    {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}
                ]
            }
        ),
        _SELECTOR_PATH,
        "none with Exists",
    ),
    Wrong(
        "a label of Casava's",
        _with(template={"labels": {"casava.dev/model": "x"}}),
        "spec.template.labels",
        "Casava's own",
    ),
    Wrong(
        "an annotation of Casava's",
        _with(template={"annotations": {"casava.dev/x": "x"}}),
        "spec.template.annotations",
        "Casava's own",
    ),
    Wrong(
        "a label with a space",
        _with(template={"labels": {"team": "the a team"}}),
        "spec.template.labels",
        "write labels as Kubernetes has them",
        only_operator=True,
    ),
    Wrong(
        "a variable of Casava's",
        _with(template={"env": [{"name": "CASAVA_X", "value": "1"}]}),
        "spec.template.env[0].name",
        "CASAVA_",
    ),
    Wrong(
        "a variable with a dash",
        _with(template={"env": [{"name": "A-B", "value": "1"}]}),
        "spec.template.env[0].name",
        "underscores",
    ),
    Wrong(
        "a value twice",
        _with(
            template={"env": [{"name": "A", "value": "1", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
        ),
        "spec.template.env[0]",
        "give either value or valueFrom",
    ),
    Wrong(
        "a value from nowhere",
        _with(template={"env": [{"name": "A", "valueFrom": {}}]}),
        "spec.template.env[0].valueFrom",
        "give either secretKeyRef or configMapKeyRef",
    ),
    Wrong("a taint without key", _with(template={"tolerations": [{}]}), "spec.template.tolerations[0].key", "give key"),
    Wrong(
        "a taint with a value for Exists",
        _with(template={"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}),
        "spec.template.tolerations[0].value",
        "takes no value",
    ),
    Wrong(
        "seconds for a taint that ends nothing",
        _with(template={"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 5}]}),
        "spec.template.tolerations[0].tolerationSeconds",
        "NoExecute",
    ),
    Wrong(
        "a GPU among the resources",
        _with(template={"engine": {"resources": {"limits": {"nvidia.com/gpu": 1}}}}),
        "spec.template.engine.resources",
        "spec.placement",
    ),
    Wrong(
        "a negative amount",
        _with(template={"engine": {"resources": {"limits": {"cpu": "-1"}}}}),
        "spec.template.engine.resources.limits",
        "write a quantity such as",
    ),
    Wrong(
        "an amount in words",
        _with(template={"sidecar": {"resources": {"limits": {"memory": "lots"}}}}),
        "spec.template.sidecar.resources.limits",
        "write a quantity such as",
    ),
    Wrong(
        "a request above its limit",
        _with(template={"engine": {"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1G"}}}}),
        "spec.template.engine.resources.requests",
        "lower the request or raise the limit",
    ),
)

EVERYTHING: Spec = {
    "model": {"source": "https://files.example.com:8443/a.gguf", "sha256": "0" * 64},
    "engine": {
        "backend": "llama-cpp",
        "maxSequenceLength": 8192,
        "threads": 4,
        "options": {"kvCacheTokens": 32768, "kvCacheType": "q8_0", "batchTokens": 256},
        "image": "registry.example.com/runtime:1",
    },
    "placement": [{"gpu": ["L4", "A10G"], "count": 1}, {"gpu": ["H100"], "count": 2}],
    "replicas": 3,
    "scaling": {"minReplicas": 1, "maxReplicas": 4, "target": {"inFlight": 16}},
    "contracts": [{"name": "invoice", "schema": '{"type": "object"}'}],
    "serving": {
        "maxConcurrent": 16,
        "timeout": "1m30s",
        "drainTimeout": "45s",
        "allowFrom": [
            {"namespaceSelector": {"matchLabels": {"team": "billing"}}, "podSelector": {}},
            {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}},
            {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
        ],
    },
    "template": {
        "labels": {"team": "billing"},
        "annotations": {"example.com/note": "for invoices"},
        "nodeSelector": {"pool": "gpu"},
        "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "llm", "effect": "NoSchedule"}],
        "env": [
            {"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "token", "key": "value"}}},
        ],
        "engine": {"resources": {"requests": {"cpu": "2", "memory": "6Gi"}, "limits": {"cpu": 4, "memory": "8Gi"}}},
        "sidecar": {"resources": {"limits": {"memory": "1Gi"}}},
        "imagePullSecrets": [{"name": "registry"}],
        "priorityClassName": "high",
        "runtimeClassName": "nvidia",
    },
}
