"""The member ``casava`` of a request."""

from typing import Any

import pytest

from casava_sidecar.api.wishes import parse_wishes
from casava_sidecar.errors import ApiError
from casava_wire.config import ContractPolicy, RepairPolicy, RetryPolicy

OWN = ContractPolicy(
    mode="validated",
    on_violation=("repair", "abort"),
    repair=RepairPolicy(coercing=True, max_edits=7),
    retry=RetryPolicy(max_attempts=3),
    release="complete",
)


def test_what_is_said_takes_the_place_of_the_policys_own_and_the_rest_stays() -> None:
    assert parse_wishes({}).over(OWN) == OWN
    wishes = parse_wishes(
        {
            "mode": "observe",
            "on_violation": ["retry", "repair", "pass"],
            "release": "element",
            "repair": {"lossy": ["enum_snap"]},
            "retry": {"token_budget": 100},
            "events": True,
        }
    )
    assert wishes.events
    assert wishes.over(OWN) == ContractPolicy(
        mode="observe",
        on_violation=("retry", "repair", "pass"),
        repair=RepairPolicy(coercing=True, lossy=("enum_snap",), max_edits=7),
        retry=RetryPolicy(max_attempts=3, token_budget=100),
        release="element",
    )


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"modes": "strict"}, "modes"),
        ({"mode": "lax"}, "mode"),
        ({"mode": 1}, "mode"),
        ({"on_violation": []}, "on_violation"),
        ({"on_violation": "abort"}, "on_violation"),
        ({"on_violation": ["stop"]}, "on_violation[0]"),
        ({"on_violation": ["retry", "retry"]}, "on_violation"),
        ({"on_violation": ["abort", "retry"]}, "on_violation"),
        ({"release": "never"}, "release"),
        ({"repair": {"coercing": 1}}, "repair.coercing"),
        ({"repair": {"lossy": ["guess"]}}, "repair.lossy"),
        ({"repair": {"max_edits": 0}}, "repair.max_edits"),
        ({"repair": []}, "repair"),
        ({"retry": {"max_attempts": 6}}, "retry.max_attempts"),
        ({"retry": {"deadline": 6}}, "retry.deadline"),
        ({"events": "yes"}, "events"),
        ({"refusal": 1}, "refusal"),
    ],
)
def test_a_wish_that_is_wrong_says_which(members: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_wishes(members)
    assert caught.value.status == 400
    assert caught.value.param == f"casava.{param}"


def test_of_a_contract_of_the_model_a_request_chooses_release_and_events_alone() -> None:
    parse_wishes({"release": "eager", "events": True, "mode": None, "refusal": False}).check_free("invoice@3")
    bound: list[dict[str, Any]] = [
        {"mode": "off"}, {"on_violation": ["pass"]}, {"repair": {}}, {"retry": {}}, {"refusal": True},
    ]  # fmt: skip
    for members in bound:
        with pytest.raises(ApiError, match="invoice@3") as caught:
            parse_wishes(members).check_free("invoice@3")
        assert caught.value.param == f"casava.{next(iter(members))}"


def test_what_is_wrong_is_said_in_words_of_json() -> None:
    for members, reason in (({"retry": []}, "it must be an object"), ({"on_violation": "abort"}, "it must be a list")):
        with pytest.raises(ApiError, match=reason):
            parse_wishes(members)
