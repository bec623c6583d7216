"""Text of strangers in a status."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from casava_operator.observe.text import head, tail

LIMIT = 40


@given(st.text())
def test_text_is_bounded_and_has_nothing_that_a_terminal_obeys(text: str) -> None:
    for line in (head(text, LIMIT), tail(text, LIMIT)):
        assert len(line) <= LIMIT
        assert not any(unicodedata.category(character).startswith("C") for character in line)
        assert "\n" not in line
        line.encode()


@given(st.text(alphabet="abc de", max_size=LIMIT))
def test_short_plain_text_stays_but_for_its_white_space(text: str) -> None:
    assert head(text, LIMIT) == tail(text, LIMIT) == " ".join(text.split())


def test_a_log_keeps_its_end_and_a_message_its_beginning() -> None:
    log = "x" * 1000 + " out of memory"
    assert tail(log, 20).endswith("out of memory")
    assert tail(log, 20).startswith("...")
    assert head("broken: " + "y" * 1000, 20).startswith("broken:")
    assert head("broken: " + "y" * 1000, 20).endswith("...")


def test_colours_and_reversed_text_are_taken_out() -> None:
    assert head("\x1b[31mred\x1b[0m \u202egnp.exe\x00", 60) == "[31mred[0m gnp.exe"
