"""Names, labels and hashes of the objects of a model. The rules on length are here and nowhere else."""

import hashlib
import json
from typing import Any

from casava_operator.keys import Manifest
from casava_operator.spec import CasavaModel
from casava_operator.spec.base import SpecModel
from casava_wire import labels

MAX = 63  # of a label value and of most names
_DIGITS = 10


def digest(value: Any) -> str:
    """SHA-256 of a JSON value or of text, as hexadecimal digits. Equal values give equal digests."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def short(value: Any) -> str:
    """The part of a digest that goes into names."""
    return digest(value)[:_DIGITS]


def child(model: str, suffix: str) -> str:
    """``<model>-<suffix>``, at most 63 characters; a long model name is cut and told apart by its digest."""
    whole = f"{model}-{suffix}"
    if len(whole) <= MAX:
        return whole
    mark = short(model)
    kept = model[: MAX - len(suffix) - len(mark) - 2].rstrip("-")
    return f"{kept}-{mark}-{suffix}"


def selector(model: str) -> dict[str, str]:
    """What selects the pods of a model. It never changes: a Deployment's selector cannot be edited."""
    return {labels.NAME: labels.NAME_VALUE, labels.MODEL: model}


def common(model: str) -> dict[str, str]:
    """Labels of every child and pod."""
    return {**selector(model), labels.INSTANCE: model, labels.MANAGED_BY: labels.MANAGED_BY_VALUE}


def metadata(model: CasavaModel, name: str, component: str) -> Manifest:
    """Metadata of a child: labels, and the owner whose deletion deletes it. A model off any cluster owns nothing."""
    owner = {
        "apiVersion": labels.API_VERSION,
        "kind": labels.KIND,
        "name": model.name,
        "uid": model.uid,
        "controller": True,
        "blockOwnerDeletion": False,  # true would need a right on the finalizers of the owner
    }
    return {
        "name": name,
        "namespace": model.namespace,
        "labels": {**common(model.name), labels.COMPONENT: component},
        **({"ownerReferences": [owner]} if model.uid else {}),
    }


def plain(part: SpecModel) -> Manifest:
    """A part of the spec that goes into an object as it is: only what was set, as the API server would give it back.

    An empty string is as good as an absent one there, and is not given back.
    """
    whole: Manifest = part.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    return {key: value for key, value in whole.items() if value != ""}
