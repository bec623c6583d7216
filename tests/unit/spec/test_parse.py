"""A spec is read whole, or refused with the field and the fix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_operator.contracts.check import check
from casava_operator.errors import InvalidSpec
from casava_operator.plan import BACKEND
from casava_operator.spec import parse, parse_file
from tests.unit.spec.specs import EVERYTHING, MINIMAL, WRONG, Spec, Wrong, body


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.sentence.replace(" ", "-"))
def test_a_wrong_spec_is_refused_with_field_and_fix(wrong: Wrong) -> None:
    with pytest.raises(InvalidSpec) as refused:
        check(parse(body(wrong.spec)), BACKEND)
    assert refused.value.path.startswith(wrong.path)
    assert wrong.says in refused.value.message


def test_the_smallest_spec_gets_its_defaults() -> None:
    spec = parse(body(MINIMAL)).spec
    assert spec.scaling.min_replicas == spec.scaling.highest == 1
    assert spec.serving.max_concurrent == 8
    assert spec.in_flight_target == 6
    assert spec.serving.timeout_seconds == spec.serving.drain_timeout_seconds == 120
    assert spec.replicas is None


def test_every_field_is_read() -> None:
    model = parse_file(body(EVERYTHING, namespace="billing", uid="u-1", generation=4))
    assert model.key == ("billing", "invoices")
    assert (model.uid, model.generation) == ("u-1", 4)
    assert model.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True) == EVERYTHING | {
        # what is equal to a default is left out
        "placement": [{"gpu": ["L4", "A10G"]}, {"gpu": ["H100"], "count": 2}],
        "scaling": {"maxReplicas": 4, "target": {"inFlight": 16}},
    }


def test_a_stored_object_may_have_fields_of_a_newer_crd() -> None:
    newer = {**MINIMAL, "rollout": {"strategy": "canary"}, "serving": {"maxConcurrent": 4, "burst": 2}}
    assert parse(body(newer)) == parse(body({**MINIMAL, "serving": {"maxConcurrent": 4}}))


@pytest.mark.parametrize(
    ("spec", "path", "near"),
    [
        ({**MINIMAL, "replica": 2}, "spec.replica", "replicas"),
        ({**MINIMAL, "engine": {"thread": 2}}, "spec.engine.thread", "threads"),
        ({**MINIMAL, "placement": [{"gpus": ["L4"]}]}, "spec.placement[0].gpu", ""),
        ({**MINIMAL, "serving": {"max_concurrent": 2}}, "spec.serving.max_concurrent", "maxConcurrent"),
        ({**MINIMAL, "contracts": [{"name": "a", "schema_text": "{}", "schema": "{}"}]}, "spec.contracts[0]", "schema"),
    ],
)
def test_a_file_with_an_unknown_field_is_refused_and_the_nearest_is_named(spec: Spec, path: str, near: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse_file(body(spec))
    assert refused.value.path.startswith(path)
    assert near in refused.value.message


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({**MINIMAL, "replicas": "3"}, "spec.replicas"),
        ({**MINIMAL, "replicas": True}, "spec.replicas"),
        ({**MINIMAL, "replicas": 1.5}, "spec.replicas"),
        ({**MINIMAL, "serving": {"timeout": 30}}, "spec.serving.timeout"),
        ({**MINIMAL, "template": {"labels": {"since": 2024}}}, "spec.template.labels.since"),
    ],
)
def test_a_file_with_a_value_of_the_wrong_type_is_refused_as_the_api_server_would(spec: Spec, path: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse_file(body(spec))
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "Deployment"}, "kind"),
        ({"apiVersion": "casava.dev/v2"}, "apiVersion"),
        ({"extra": 1}, "extra"),
        ({"spec": None}, "spec"),
        ({"metadata": None}, "metadata"),
        ({"metadata": {}}, "metadata.name"),
        ({"metadata": {"name": "x" * 64}}, "metadata.name"),
        ({"metadata": {"name": "7b"}}, "metadata.name"),
        ({"metadata": {"name": "a.b"}}, "metadata.name"),
    ],
)
def test_a_file_that_is_no_casavamodel_is_refused(change: Spec, path: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse_file({**body(MINIMAL), **change})
    assert refused.value.path == path


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
_FIELDS = st.sampled_from(["model", "engine", "placement", "replicas", "scaling", "contracts", "serving", "template"])


@given(st.dictionaries(_FIELDS, _JSON, max_size=4))
def test_whatever_is_in_a_spec_it_is_read_or_refused(spec: Spec) -> None:
    for read in (parse, parse_file):
        try:
            read(body({**MINIMAL, **spec}))
        except InvalidSpec as refused:
            assert refused.path.startswith("spec")  # noqa: PT017 -- both outcomes are right
