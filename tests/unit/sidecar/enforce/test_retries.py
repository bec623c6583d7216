from hypothesis import given
from hypothesis import strategies as st

from casava_sidecar.api.requests import Sampling
from casava_sidecar.enforce.policy import enforcement
from casava_sidecar.enforce.retries import derived_seed, sampling_of
from tests.unit.sidecar.enforce.given import bound

RETRY = enforcement(bound(onViolation=["retry"], retry={"maxAttempts": 3, "tokenBudget": 100}), stream=False)
ABORT = enforcement(bound(), stream=False)


def test_a_policy_without_retries_changes_nothing() -> None:
    assert sampling_of(Sampling(), ABORT, "r1", 1, 0) == Sampling()


def test_the_first_attempt_is_as_asked_for_but_has_a_seed() -> None:
    asked = Sampling(max_tokens=500, temperature=0.0)
    first = sampling_of(asked, RETRY, "r1", 1, 0)
    assert (first.max_tokens, first.temperature) == (500, 0.0)
    assert first.seed == derived_seed("r1", 1)
    assert sampling_of(Sampling(seed=7), RETRY, "r1", 1, 0).seed == 7


def test_the_same_request_is_sampled_the_same_way_again() -> None:
    for attempt in (1, 2, 3):
        assert sampling_of(Sampling(), RETRY, "r1", attempt, 9) == sampling_of(Sampling(), RETRY, "r1", attempt, 9)
    assert len({sampling_of(Sampling(), RETRY, id_, n, 9).seed for id_ in ("r1", "r2") for n in (1, 2, 3)}) == 6


def test_a_seed_of_the_client_makes_its_request_repeatable_under_any_id() -> None:
    seeds = [sampling_of(Sampling(seed=7), RETRY, id_, 2, 9).seed for id_ in ("r1", "r2")]
    assert seeds[0] == seeds[1] != 7


def test_retries_are_warm_enough_to_differ_and_never_colder_than_asked_for() -> None:
    def temperatures(asked: float | None) -> list[float | None]:
        return [sampling_of(Sampling(temperature=asked), RETRY, "r1", n, 9).temperature for n in (1, 2, 3)]

    assert temperatures(0.0) == [0.0, 0.2, 0.4]
    assert temperatures(0.3) == [0.3, 0.3, 0.4]
    assert temperatures(1.5) == [1.5, 1.5, 1.5]
    assert temperatures(None) == [None, None, None]


def test_retries_share_what_is_left_of_the_token_budget() -> None:
    assert sampling_of(Sampling(), RETRY, "r1", 2, 40).max_tokens == 60
    assert sampling_of(Sampling(max_tokens=20), RETRY, "r1", 2, 40).max_tokens == 20


@given(st.text(max_size=20), st.integers(1, 5))
def test_seeds_fit_every_engine(base: str, attempt: int) -> None:
    assert 0 <= derived_seed(base, attempt) < 2**31
