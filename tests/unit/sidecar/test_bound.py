import casava_contract
from casava_sidecar.contracts.bound import Verdict, bind, judge

PERSON = (
    '{"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"], "additionalProperties": false}'
)
UNIQUE = '{"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": true}'
GUIDES = ("json", "json_schema")


def test_the_guarantee_is_computed_and_on_the_headers() -> None:
    bound = bind("person", "person", casava_contract.compile(PERSON), GUIDES)
    headers = bound.headers()
    assert headers["Casava-Contract"] == f"person; digest={bound.contract.digest}"
    assert headers["Casava-Guarantee"] == "engine=full; sidecar=full; mode=validated"
    assert bound.guide is not None


def test_a_keyword_that_the_decoder_ignores_makes_the_guarantee_partial() -> None:
    assert bind("u", "u", casava_contract.compile(UNIQUE), GUIDES).engine == "partial"


def test_an_engine_that_does_not_obey_guides_guarantees_nothing_and_gets_none() -> None:
    bound = bind("person", "person", casava_contract.compile(PERSON), ())
    assert (bound.engine, bound.guide) == ("none", None)


def test_a_valid_answer_has_no_error() -> None:
    judged = judge(bind("p", "p", casava_contract.compile(PERSON), GUIDES), '{"age": 1}', "stop")
    assert (judged.verdict, judged.error) == (Verdict.VALID, None)


def test_an_invalid_answer_is_502_with_diagnostics_and_never_tried_again() -> None:
    judged = judge(bind("p", "p", casava_contract.compile(PERSON), GUIDES), '{"age": "old"}', "stop")
    assert judged.verdict is Verdict.INVALID
    assert judged.error is not None
    assert judged.error.status == 502
    assert judged.error.headers["x-should-retry"] == "false"
    details = judged.error.body()["error"]["casava"]
    assert details["verdict"] == "invalid"
    assert details["violations"][0]["pointer"] == "/age"


def test_a_cut_answer_is_incomplete_even_when_it_would_validate() -> None:
    judged = judge(bind("p", "p", casava_contract.compile(PERSON), GUIDES), '{"age": 1}', "length")
    assert judged.verdict is Verdict.INCOMPLETE
