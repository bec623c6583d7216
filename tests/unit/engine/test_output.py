"""What may be seen of Triton's output, and what is left in the termination message."""

import pytest

from casava_engine import scrub, termination
from casava_wire.reasons import EngineReason


@pytest.mark.parametrize(
    "line",
    [
        'W1124 11:26:08.123456 12 server.cc:10] "something"',
        "Signal (15) received.",
        "/src/ggml/src/ggml.c:1234: GGML_ASSERT(a->ne[0] == b->ne[0]) failed",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "Fatal Python error: Segmentation fault",
    ],
)
def test_lines_of_a_known_form_are_shown_while_requests_come(line: str) -> None:
    assert scrub.while_serving(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "parse: error parsing grammar: expecting ')' at xylophone",
        'root ::= "xylophone"',
        "0.00.404.850 E llg error: at 2(1): xylophone",
        "  what():  xylophone",
        "terminate called after throwing an instance of 'std::bad_alloc' xylophone",
        "",
    ],
)
def test_lines_that_may_quote_a_request_are_not(line: str) -> None:
    assert scrub.while_serving(line) is None


def test_everything_is_shown_before_the_first_request() -> None:
    assert scrub.before_serving("llama.cpp says why it cannot load") == "llama.cpp says why it cannot load"
    assert scrub.before_serving("   ") is None
    noise = 'E1124 11:48:48.300481 17430 server.cc:241] "CudaDriverHelper has not been initialized."'
    assert scrub.before_serving(noise) is None


def test_a_termination_message_fits_and_keeps_the_newest_lines() -> None:
    lines = [f"line {number} " + "ä" * 100 for number in range(100)]
    message = termination.compose(EngineReason.TRITON_EXITED, "Triton ended with exit code 1.", lines)
    assert len(message.encode()) <= termination.LIMIT
    assert message.startswith("TritonExited: Triton ended with exit code 1.\n")
    assert message.endswith(lines[-1])
    assert lines[0] not in message


@pytest.mark.parametrize(("code", "words"), [(1, "ended with exit code 1"), (-9, "was ended by signal 9")])
def test_an_end_in_words(code: int, words: str) -> None:
    assert termination.how_it_ended(code) == words
