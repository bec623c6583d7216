import pytest

import casava_contract
from casava_contract.rules import Rule
from casava_sidecar.contracts.bound import Bound, bind
from casava_sidecar.errors import ApiError
from casava_wire.config import ContractPolicy, Mode, Step

PERSON = (
    '{"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"], "additionalProperties": false}'
)
UNIQUE = '{"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": true}'
# What a dynamic reference means is known when the answer is whole.
LATE = '{"$dynamicRef": "#v", "$defs": {"v": {"$dynamicAnchor": "v", "not": {"type": "null"}}}}'
GUIDES = ("json", "json_schema")


def bound(schema: str, mode: Mode = "validated", *steps: Step, guides: tuple[str, ...] = GUIDES) -> Bound:
    policy = ContractPolicy(mode=mode, on_violation=steps or ("abort",))
    return bind("person", "person", casava_contract.compile(schema), guides, policy=policy)


def test_the_guarantee_is_computed_and_on_the_headers() -> None:
    one = bound(PERSON)
    assert one.headers() == {
        "Casava-Contract": f"person; digest={one.contract.digest}",
        "Casava-Guarantee": "engine=full; sidecar=full; mode=validated",
        "Casava-Unenforced": "",
    }
    assert one.guide is not None


def test_a_keyword_that_the_decoder_ignores_makes_the_guarantee_partial() -> None:
    assert bound(UNIQUE).engine == "partial"


def test_an_engine_that_does_not_obey_guides_guarantees_nothing_and_gets_none() -> None:
    one = bound(PERSON, guides=())
    assert (one.engine, one.guide) == ("none", None)


@pytest.mark.parametrize("mode", ["observe", "off"])
def test_who_only_looks_does_not_constrain_the_engine_and_says_that_nothing_is_enforced(mode: Mode) -> None:
    one = bound(PERSON, mode)
    assert one.guide is None
    assert one.headers()["Casava-Guarantee"] == f"engine=none; sidecar=none; mode={mode}"
    assert one.headers()["Casava-Unenforced"] == "#"


def test_a_policy_that_lets_violations_pass_promises_what_the_engine_keeps() -> None:
    one = bound(UNIQUE, "validated", "retry", "pass")
    assert one.guide is not None
    headers = one.headers()
    assert headers["Casava-Guarantee"] == "engine=partial; sidecar=none; mode=validated"
    assert headers["Casava-Unenforced"] == "#/uniqueItems"
    assert bound(UNIQUE, "validated", "pass", guides=()).headers()["Casava-Unenforced"] == "#"


def test_what_nobody_enforces_is_listed_within_bounds() -> None:
    formats = ", ".join(f'"f{n}\u00fc": {{"format": "unheard-of"}}' for n in range(50))
    listed = bound(f'{{"type": "object", "properties": {{{formats}}}}}').headers()["Casava-Unenforced"]
    assert listed.startswith("#/properties/f0%C3%BC/format, ")
    assert listed.endswith("; more=30")
    assert len(listed) < 4096


def test_strict_refuses_what_validated_serves() -> None:
    assert bound(LATE).headers()["Casava-Guarantee"].endswith("mode=validated")
    with pytest.raises(ApiError) as caught:
        bound(LATE, "strict")
    assert (caught.value.status, caught.value.code) == (422, "contract_not_strict")
    assert caught.value.details is not None
    assert caught.value.details["keywords"][0]["pointer"] == "/$dynamicRef"
    assert bound(UNIQUE, "strict").headers()["Casava-Guarantee"] == "engine=partial; sidecar=full; mode=strict"


def test_strict_refuses_a_contract_with_rules() -> None:
    ruled = casava_contract.compile(PERSON, rules=[Rule("self.age > 3")])
    with pytest.raises(ApiError) as caught:
        bind("person", "person", ruled, GUIDES, policy=ContractPolicy(mode="strict"))
    assert caught.value.details is not None
    assert [one["pointer"] for one in caught.value.details["keywords"]] == ["/rules/0"]
    assert bind("person", "person", ruled, GUIDES).engine == "partial"


def test_strict_allows_no_repair() -> None:
    with pytest.raises(ApiError) as caught:
        bound(PERSON, "strict", "repair")
    assert (caught.value.status, caught.value.code) == (422, "repair_in_strict")
