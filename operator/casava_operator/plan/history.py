"""The last accepted specs of a model, kept as ControllerRevisions: while a new spec is refused, the last one serves."""

from collections.abc import Iterable, Mapping
from typing import Any

from casava_operator.contracts.entries import carried_by, references
from casava_operator.errors import InvalidSpec
from casava_operator.keys import Manifest
from casava_operator.plan.names import child, metadata, short
from casava_operator.spec import CasavaModel, parse

_REPLICAS = "replicas"


def accepted_spec(model: CasavaModel) -> Manifest:
    """The spec as it is kept: what the user set, without defaults and without ``replicas``.

    Defaults are left out so that an operator that knows more of them finds the same spec; ``replicas`` is a dial that
    kubectl scale and autoscalers turn, and no revision of the model.
    """
    return model.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={_REPLICAS})


def accepted(model: CasavaModel) -> Manifest:
    """What is kept: the spec, and the text of every OutputContract that it refers to.

    So what was accepted stays whole when such an object is deleted.
    """
    referred = {
        reference: model.referred[reference].model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for reference in references(model)
    }
    return {"spec": accepted_spec(model)} | ({"contracts": referred} if referred else {})


def revision_name(model: CasavaModel) -> str:
    kept = accepted(model)
    return child(model.name, short(kept if "contracts" in kept else kept["spec"]))


def revision_of(model: CasavaModel, number: int) -> Manifest:
    """The ControllerRevision of this spec. ``number`` orders revisions, see next_revision."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata(model, revision_name(model), "revision"),
        "data": accepted(model),
        "revision": number,
    }


def next_revision(model: CasavaModel, revisions: Iterable[Mapping[str, Any]]) -> int:
    """The number for this spec among the revisions there: its own when it is the newest, else one more than that."""
    newest = max(revisions, key=lambda there: int(there["revision"]), default=None)
    if newest is None:
        return 1
    number = int(newest["revision"])
    return number if newest["metadata"]["name"] == revision_name(model) else number + 1


def accepted_model(body: Mapping[str, Any], revision: Mapping[str, Any]) -> CasavaModel:
    """The model of an accepted spec under the metadata and, where it makes sense, the ``replicas`` of the live object.

    Raises InvalidSpec when this operator no longer accepts the spec that is kept.
    """
    spec = dict(revision["data"]["spec"])
    replicas = (body.get("spec") or {}).get(_REPLICAS)
    if isinstance(replicas, int) and not isinstance(replicas, bool) and replicas >= 0:
        spec[_REPLICAS] = replicas
    model = parse({"metadata": body.get("metadata"), "spec": spec})
    kept = carried_by(revision)
    lost = [reference for reference in references(model) if reference not in kept]
    if lost:
        raise InvalidSpec("spec.contracts", f"the accepted spec does not carry {lost[0]}: apply the model again")
    return model.model_copy(update={"referred": kept})
