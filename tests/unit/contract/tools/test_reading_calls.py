"""Where text ends and a call begins, read in pieces of any size."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casava_contract.tools import Arguments, Broken, Called, Closed, Event, Form, Given, Reader, Text

CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Bern"}}\n</tool_call>'
TIME = '<tool_call>{"name":"time","arguments":{}}</tool_call>'
NAMES = ("weather", "time", "weather_2")
TEXTS = st.lists(
    st.sampled_from(
        [
            "a", "ü", " ", "\n", "<", "<tool", "<tool_call>", "</tool_call>", '{"name": ', '"weather"', "{", "}", '"',
            "\\", CALL, TIME, ', "arguments": {',
        ]
    ),
    max_size=8,
).map("".join)  # fmt: skip


def read(text: str, form: Form, *cuts: int) -> tuple[list[Event], bytes, bool]:
    """All events, those of the same kind in a row as one; what was held back; whether it may end."""
    data = text.encode()
    reader = Reader(form)
    events: list[Event] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for begin, end in itertools.pairwise(edges):
        for event in reader.feed(data[begin:end]):
            last = events[-1] if events else None
            if isinstance(event, Text) and isinstance(last, Text):
                events[-1] = Text(last.content + event.content)
            elif isinstance(event, Arguments) and isinstance(last, Arguments):
                events[-1] = Arguments(last.content + event.content)
            else:
                events.append(event)
    assert reader.offset == len(data)
    return events, reader.finish(), reader.may_end


def called(text: str, form: Form | None = None) -> list[tuple[str, str]]:
    """The calls of an answer that has the form."""
    events, held, may_end = read(text, form or Form(NAMES))
    assert may_end
    assert not held
    names = [event.name for event in events if isinstance(event, Called)]
    return list(zip(names, [e.content.decode() for e in events if isinstance(e, Arguments)], strict=True))


def broken(text: str, form: Form | None = None) -> Broken:
    events, _, _ = read(text, form or Form(NAMES))
    return next(event for event in events if isinstance(event, Broken))


def test_text_alone_calls_nothing() -> None:
    assert read("Hello <b>", Form(NAMES)) == ([Text(b"Hello <b>")], b"", True)


def test_a_call_is_a_name_and_arguments_byte_for_byte() -> None:
    events, held, may_end = read(CALL, Form(NAMES))
    offset = CALL.index('{"city')
    assert events == [Called("weather", offset), Arguments(b'{"city": "Bern"}'), Given(), Closed(len(CALL))]
    assert (held, may_end) == (b"", True)


def test_text_may_stand_before_calls_and_white_space_around_them() -> None:
    assert called(f"  {CALL}\n\n{TIME}\n") == [("weather", '{"city": "Bern"}'), ("time", "{}")]
    events, _, _ = read(f"Let me see. {CALL}", Form(NAMES))
    assert events[0] == Text(b"Let me see. ")


def test_brackets_and_marks_inside_of_strings_end_nothing() -> None:
    arguments = '{"a": "}</tool_call>\\"}", "b": [{"c": "]\\\\"}]}'
    text = f'<tool_call>{{"name": "time", "arguments": {arguments}}}</tool_call>'
    assert called(text) == [("time", arguments)]


def test_a_name_that_another_one_begins_with_is_told_from_it() -> None:
    assert called(CALL.replace("weather", "weather_2"))[0][0] == "weather_2"
    assert called(CALL)[0][0] == "weather"


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        (CALL.replace("weather", "wind"), '"w', ("weather", "weather_2")),
        (CALL.replace('"name"', '"arguments"'), '{"', ('"name"',)),
        (CALL.replace('{"city": "Bern"}', "5"), '"arguments": ', ("{",)),
        (CALL.replace("}}", "}, 1}"), 'Bern"}', ("}",)),
        (CALL + " and so on", "</tool_call> ", ("<tool_call>", "the end of the answer")),
        (CALL.replace("</tool_call>", "</tool>"), "\n</tool", ("</tool_call>",)),
    ],
)  # fmt: skip
def test_the_first_byte_that_leaves_the_form_is_named(text: str, after: str, expected: tuple[str, ...]) -> None:
    found = broken(text)
    assert found.offset == text.index(after) + len(after)
    assert found.expected == expected
    assert found.got == text[found.offset]


def test_a_call_that_left_the_form_before_its_arguments_is_text_with_all_its_bytes() -> None:
    text = '  <tool_call>\n{"name": "nobody", "arguments": {}}\n</tool_call>'
    events, held, _ = read(text, Form(NAMES))
    assert [event for event in events if not isinstance(event, Broken)] == [Text(text.encode())]
    assert held == b""


def test_one_call_is_the_end_where_one_is_allowed() -> None:
    assert broken(CALL + CALL, Form(NAMES, most_calls=1)).offset == len(CALL)


def test_text_is_no_answer_where_a_call_is_needed() -> None:
    assert broken("Hello", Form(NAMES, text="none")).offset == 0
    assert called(CALL, Form(NAMES, text="none"))
    assert read("", Form(NAMES, text="none"))[2] is False


def test_where_text_stands_instead_of_calls_none_follows_it() -> None:
    text = f'{{"a": 1}}{CALL}'
    assert read(text, Form(NAMES, text="instead"))[0] == [Text(text.encode())]
    assert called(CALL, Form(NAMES, text="instead"))


def test_what_could_have_become_a_mark_is_text_at_the_end() -> None:
    assert read("so <tool", Form(NAMES))[1] == b"<tool"
    assert read("  ", Form(NAMES))[1] == b"  "


def test_of_an_answer_that_was_cut_no_form_is_left_over() -> None:
    for cut in range(len(CALL.split('{"city', maxsplit=1)[0])):
        reader = Reader(Form(NAMES, text="none"))
        assert reader.feed(CALL[:cut].encode()) == []
        assert reader.finish(cut=True) == b""
        assert reader.finish() == CALL[:cut].encode()


def test_more_than_64_bytes_of_white_space_are_no_form() -> None:
    assert called(f"{CALL}{' ' * 64}{TIME}")
    found = broken(f"{CALL}{' ' * 65}{TIME}")
    assert found.white
    assert found.offset == len(CALL) + 64


@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=6), st.sampled_from(["before", "instead", "none"]))
def test_pieces_of_any_size_read_alike_and_lose_no_byte(text: str, cuts: list[int], prose: str) -> None:
    form = Form(NAMES, text=prose)  # type: ignore[arg-type]
    whole = read(text, form)
    assert read(text, form, *cuts) == whole
    events, held, _ = whole
    said = b"".join(event.content for event in events if isinstance(event, Text | Arguments)) + held
    if not any(isinstance(event, Called) for event in events):
        assert said == text.encode()
    else:
        remaining = iter(text.encode())
        assert all(byte in remaining for byte in said), "what is said is said in order"
