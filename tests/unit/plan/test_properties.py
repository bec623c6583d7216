"""What holds for every plan."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_operator.errors import InvalidSpec
from casava_operator.place import Fleet, place
from casava_operator.plan import Plan, accepted_model, next_revision, plan
from casava_operator.plan.names import MAX, child
from casava_operator.site import Images, Site
from casava_operator.spec import CasavaModel, parse
from casava_wire import labels
from tests.unit.spec.specs import EVERYTHING, MINIMAL, Spec, body

_NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
_SPECS = st.fixed_dictionaries(
    {"model": st.sampled_from([MINIMAL["model"], EVERYTHING["model"], {"source": "pvc://claim/a.gguf"}])},
    optional={
        name: st.just({**EVERYTHING, "scaling": {"maxReplicas": 4}}[name])
        for name in ("engine", "placement", "replicas", "scaling", "contracts", "serving", "template")
    },
)
_MODELS = st.builds(lambda name, spec: parse(body(spec, name, uid="u", generation=1)), _NAMES, _SPECS)


def _plan(model: CasavaModel, replicas: int = 1, site: Site | None = None) -> Plan:
    return plan(model, place(model, Fleet(), None), site or Site(), replicas=replicas)


def _model(spec: Spec, **metadata: Any) -> CasavaModel:
    return parse(body(spec, **{"uid": "u", "generation": 1, **metadata}))


@given(_MODELS, st.integers(0, 5))
def test_equal_arguments_give_equal_plans(model: CasavaModel, replicas: int) -> None:
    assert _plan(model, replicas) == _plan(deepcopy(model), replicas)


@given(_MODELS, st.integers(0, 5))
def test_every_object_has_a_legal_name_the_labels_and_the_owner(model: CasavaModel, replicas: int) -> None:
    objects = _plan(model, replicas).objects
    for manifest in objects:
        metadata = manifest["metadata"]
        assert len(metadata["name"]) <= MAX
        assert metadata["name"][-1] != "-"
        assert metadata["labels"][labels.MODEL] == model.name
        assert metadata["labels"][labels.MANAGED_BY] == labels.MANAGED_BY_VALUE
        assert [owner["uid"] for owner in metadata["ownerReferences"] if owner["controller"]] == ["u"]
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in objects]
    assert len(set(names)) == len(names)


@given(_MODELS)
def test_the_selectors_are_a_part_of_the_pods_labels_and_depend_on_the_name_alone(model: CasavaModel) -> None:
    planned = _plan(model, 2)
    pod_labels = planned.deployment["spec"]["template"]["metadata"]["labels"]
    by_kind = {manifest["kind"]: manifest for manifest in planned.objects}
    selectors = [
        by_kind["Deployment"]["spec"]["selector"]["matchLabels"],
        by_kind["Service"]["spec"]["selector"],
        by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector == {labels.NAME: labels.NAME_VALUE, labels.MODEL: model.name}
        assert selector.items() <= pod_labels.items()


@given(_MODELS)
def test_no_member_is_null_or_of_a_type_that_json_lacks(model: CasavaModel) -> None:
    def check(value: Any) -> None:
        assert value is not None
        if isinstance(value, dict):
            for key, member in value.items():
                assert isinstance(key, str)
                check(member)
        elif isinstance(value, list):
            for member in value:
                check(member)
        else:
            assert isinstance(value, str | int | float | bool)

    for manifest in _plan(model, 3).objects:
        check(manifest)


@given(_NAMES, _NAMES, st.sampled_from(["casava", "contracts", "engine-0123456789"]))
def test_children_of_different_models_have_different_names(one: str, other: str, suffix: str) -> None:
    assert (child(one, suffix) == child(other, suffix)) == (one == other)


@pytest.mark.parametrize("replicas", [0, 1])
def test_a_single_replica_has_no_disruption_budget(replicas: int) -> None:
    assert "PodDisruptionBudget" not in {manifest["kind"] for manifest in _plan(_model(MINIMAL), replicas).objects}


def _template_changes(spec: Spec) -> bool:
    return _plan(_model(spec)).template_hash != _plan(_model(MINIMAL)).template_hash


def _spec_hash_changes(spec: Spec) -> bool:
    return _plan(_model(spec)).spec_hash != _plan(_model(MINIMAL)).spec_hash


@pytest.mark.parametrize(
    "edit",
    [
        {"contracts": [{"name": "a", "schema": "{}"}]},
        {"scaling": {"minReplicas": 2, "maxReplicas": 5}},
        {"replicas": 4},
        {"serving": {"allowFrom": [{"podSelector": {}}]}},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edit_that_no_pod_must_see_restarts_none(edit: Spec) -> None:
    assert not _template_changes({**MINIMAL, **edit})


@pytest.mark.parametrize(
    "edit",
    [
        {"model": {"source": "file:///models/b.gguf"}},
        {"engine": {"threads": 2}},
        {"engine": {"options": {"batchTokens": 64}}},
        {"serving": {"maxConcurrent": 4}},
        {"serving": {"timeout": "10s"}},
        {"placement": [{"gpu": ["L4"]}]},
        {"template": {"labels": {"team": "a"}}},
    ],
    ids=str,
)
def test_an_edit_of_what_pods_are_made_of_restarts_them_as_an_edit(edit: Spec) -> None:
    assert _template_changes({**MINIMAL, **edit})
    assert _spec_hash_changes({**MINIMAL, **edit})


def test_an_operator_upgrade_changes_the_template_hash_and_never_the_spec_hash() -> None:
    model = _model(EVERYTHING)
    old, new = _plan(model), _plan(model, site=Site(images=Images(sidecar="casava/sidecar:0.2.0")))
    assert old.spec_hash == new.spec_hash
    assert old.template_hash != new.template_hash


def test_a_field_that_only_a_newer_crd_defaults_changes_nothing() -> None:
    newer = {**MINIMAL, "rollout": {"strategy": "rolling"}, "serving": {"maxConcurrent": 8, "burst": 1}}
    assert _plan(_model(newer)) == _plan(_model(MINIMAL))


def test_what_is_kept_of_a_spec_gives_the_same_plan() -> None:
    live = body(EVERYTHING, uid="u", generation=7)
    planned = _plan(parse(live), 3)
    kept = planned.objects[0]
    assert kept["kind"] == "ControllerRevision"
    refused = deepcopy(live)
    refused["spec"] = {"model": {"source": "s3://nowhere"}, "replicas": 3}
    former = accepted_model(refused, kept)
    assert _plan(former, 3) == planned
    assert former.spec.replicas == 3


@pytest.mark.parametrize("replicas", [-1, True, "many", None, 1.5])
def test_replicas_that_make_no_sense_do_not_spoil_the_kept_spec(replicas: Any) -> None:
    kept = _plan(_model(MINIMAL)).objects[0]
    live = body({**MINIMAL, "replicas": replicas})
    assert accepted_model(live, kept).spec.replicas is None


def test_a_kept_spec_that_is_no_longer_accepted_is_refused() -> None:
    kept = deepcopy(_plan(_model(MINIMAL)).objects[0])
    kept["data"]["spec"]["model"]["source"] = "ftp://old"
    with pytest.raises(InvalidSpec):
        accepted_model(body(MINIMAL), kept)


def test_revisions_are_numbered_upwards_and_the_newest_keeps_its_number() -> None:
    first, second = _model(MINIMAL), _model({**MINIMAL, "engine": {"threads": 2}})
    assert next_revision(first, []) == 1
    one = _plan(first).objects[0]
    assert next_revision(first, [one]) == 1
    assert next_revision(second, [one]) == 2
    two = plan(second, place(second, Fleet(), None), Site(), replicas=1, revision=2).objects[0]
    assert next_revision(second, [two, one]) == 2
    assert next_revision(first, [two, one]) == 3  # back to the first: its revision becomes the newest
    assert next_revision(_model({**MINIMAL, "replicas": 9}), [one]) == 1  # scaling is no revision


def test_a_small_limit_is_never_below_a_default_request() -> None:
    engine = {"engine": {"resources": {"limits": {"memory": "256Mi"}}}}
    resources = _plan(_model({**MINIMAL, "template": engine})).deployment["spec"]["template"]["spec"]
    assert resources["initContainers"][0]["resources"] == {"requests": {"cpu": "250m"}, "limits": {"memory": "256Mi"}}
