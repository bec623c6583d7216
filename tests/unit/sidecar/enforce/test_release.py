import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sidecar.enforce.given import bound, generated, pieces, pipeline

ANY = '{"type": ["object", "array", "string", "number", "boolean", "null"]}'
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text('ab\u00fc\u20ac"\\ ', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("k\u00fc", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(VALUES, st.integers(1, 7), st.sampled_from(["eager", "element", "complete"]), st.booleans())
def test_what_is_released_is_the_answer_whatever_the_pieces(value: Any, size: int, release: str, indent: bool) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1 if indent else None)
    released, outcome = generated(pipeline(bound(ANY, release=release)), pieces(text, size))
    assert outcome is not None
    assert outcome.verdict == "valid"
    assert "".join(released) + outcome.text == text
    assert outcome.released == len("".join(released).encode())


def test_eager_releases_each_piece_and_complete_none() -> None:
    text = '{"name": "Ada", "age": 36}'
    for release, expected in (("eager", pieces(text)), ("complete", [""] * len(pieces(text)))):
        released, _ = generated(pipeline(bound(release=release)), pieces(text))
        assert released == expected


def test_element_releases_up_to_the_end_of_the_last_value() -> None:
    text = '{"a": "\u00fcber", "b": [1, {"c": 22}, true], "d": 1}'
    released, outcome = generated(pipeline(bound(ANY, release="element")), text)
    assert [part for part in released if part] == [
        '{"a": "\u00fcber"', ', "b": [1', ', {"c": 22}', ", true", "]", ', "d": 1}',
    ]  # fmt: skip
    assert outcome is not None
    assert outcome.text == ""


def test_element_shows_no_value_that_breaks_its_own_schema() -> None:
    schema = '{"type": "array", "items": {"type": "object", "required": ["n"], "properties": {"n": {"maximum": 5}}}}'
    released, outcome = generated(pipeline(bound(schema, release="element")), '[{"n": 1}, {"n": 22, "m": 1}]')
    assert "".join(released) == '[{"n": 1}'
    assert outcome is not None
    assert outcome.error is not None
    assert outcome.released == len('[{"n": 1}')


def test_events_name_each_subtree_when_its_end_is_released() -> None:
    text = '{"a": [1, 2], "b": "x"}'
    for release in ("eager", "element", "complete"):
        line = pipeline(bound(ANY, release=release, events=True))
        attempt = line.begin()
        shown, seen = 0, {}
        for text_piece in pieces(text, 3):
            shown += len(attempt.feed(text_piece, 1))
            seen.update(dict.fromkeys(attempt.pointers(), shown))
        outcome = line.settle("stop")
        assert outcome is not None
        assert [*seen, *outcome.pointers] == ["/a/0", "/a/1", "/a", "/b", ""]
        ends = {"/a/0": 8, "/a/1": 11, "/a": 12, "/b": 22, "": 23}
        assert all(ends[pointer] <= at for pointer, at in seen.items())
        assert (len(seen) == 0) == (release == "complete")
