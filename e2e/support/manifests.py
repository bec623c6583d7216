"""CasavaModels that the end-to-end tests apply."""

import json
from typing import Any, Final

from casava_wire import labels

Manifest = dict[str, Any]

MODEL_FILE: Final = "file:///models/smollm2-135m-instruct.gguf"

PERSON: Final[Manifest] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


def contract(name: str, schema: Manifest) -> Manifest:
    """An entry of spec.contracts, the schema as text."""
    return {"name": name, "schema": json.dumps(schema, indent=1)}


def output_contract(name: str, version: int, schema: Manifest) -> Manifest:
    """One version of a contract, as an object of its own."""
    return {
        "apiVersion": labels.API_VERSION,
        "kind": labels.CONTRACT_KIND,
        "metadata": {"name": f"{name}-v{version}"},
        "spec": {"contract": name, "version": version, "schema": json.dumps(schema, indent=1)},
    }


def model(name: str, image: str, **spec: Any) -> Manifest:
    """A CasavaModel that serves SmolLM2 with little: ``spec``'s members replace the defaults here."""
    small = {"requests": {"cpu": "50m", "memory": "64Mi"}}
    return {
        "apiVersion": labels.API_VERSION,
        "kind": labels.KIND,
        "metadata": {"name": name},
        "spec": {
            "model": {"source": MODEL_FILE},
            "engine": {"image": image, "maxSequenceLength": 1024, "threads": 1},
            "serving": {
                "maxConcurrent": 4,
                "drainTimeout": "30s",
                # Tests come in through a NodePort, where a cluster that enforces policies sees a node's address.
                "allowFrom": [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
            },
            "template": {"engine": {"resources": small}, "sidecar": {"resources": small}},
            **spec,
        },
    }
