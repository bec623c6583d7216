"""What stands around a document: think blocks, fences, prose; and where in an answer documents may begin."""

import re
from collections.abc import Iterator
from typing import Final

from casava_contract.repair import lexical
from casava_contract.repair.tree import Change

MARK: Final = b"\xef\xbb\xbf"
_NAMES: Final = rb"(think|thinking|thought|reasoning)"
_THINKING: Final = re.compile(rb"<" + _NAMES + rb">")
_THOUGHT: Final = re.compile(rb"</" + _NAMES + rb">")
_NEXT: Final = re.compile(rb"[{\[]|<" + _NAMES + rb">")
_FENCE_LINE: Final = re.compile(rb"(?:`{3,}|~{3,})[^\r\n]*")
_BRACKETS: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_KEY_BEFORE: Final = re.compile(rb"[\"'\x9d\x99]\s*:\s*\Z")
_PARTS: Final = re.compile(
    rb"(?P<byte_order_mark>\xef\xbb\xbf)|(?P<think_block><"
    + _NAMES
    + rb">.*?(?:</\3>|\Z))|(?P<fence>(?:`{3,}|~{3,})[^\r\n]*)",
    re.DOTALL,
)


def thought_until(text: bytes) -> int:
    """Where the answer begins whose thoughts began in the prompt: after a </think> that nothing opened; else 0."""
    end = 0
    while (close := _THOUGHT.search(text, end)) and not _THINKING.search(text, end, close.start()):
        end = close.end()
    return end


def after_thought(text: bytes, opening: int, name: bytes) -> int:
    """The end of a think block; that of the text where it does not end."""
    close = text.find(b"</" + name + b">", opening)
    return len(text) if close < 0 else close + len(name) + 3


def next_opening(text: bytes, position: int) -> int | None:
    """The next bracket outside of think blocks."""
    while match := _NEXT.search(text, position):
        if match[1] is None:
            return match.start()
        position = after_thought(text, match.start(), match[1])
    return None


def extent(text: bytes, start: int) -> int:
    """The end of what a bracket opens by the count of brackets, that of the text where it is not closed."""
    depth = 0
    for match in _BRACKETS.finditer(text, start):
        if match[0] in {b"{", b"["}:
            depth += 1
        elif match[0] in {b"}", b"]"}:
            depth -= 1
            if depth == 0:
                return match.end()
    return len(text)


def is_member(text: bytes, start: int) -> bool:
    """Whether a key stands before: then this is a part of a document whose beginning is missing."""
    return _KEY_BEFORE.search(text, max(0, start - 64), start) is not None


def bare(text: bytes, start: int) -> tuple[int, int]:
    """The bounds of what is left without a byte-order mark, think blocks, one fence and white space around."""
    start = _unmarked(text, start)
    end = start + len(text[start:].rstrip(b" \t\r\n"))
    return _fenced(text, start, end) or (start, end)


def _unmarked(text: bytes, start: int) -> int:
    while True:
        start = _spaces(text, start)
        if text.startswith(MARK, start):
            start += len(MARK)
        elif opened := _THINKING.match(text, start):
            start = after_thought(text, start, opened[1])
        else:
            return start


def _fenced(text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The bounds of what is inside of a fence, where that is all there is."""
    fence = _FENCE_LINE.match(text, start, end)
    ticks = text[end - 3 : end]
    if fence is None or ticks not in {b"```", b"~~~"} or fence.end() >= end - 3:
        return None
    begin = _spaces(text, fence.end())
    return begin, begin + len(text[begin:end].rstrip(ticks[:1]).rstrip(b" \t\r\n"))


def _spaces(text: bytes, position: int) -> int:
    match = lexical.SPACE.match(text, position)
    return match.end() if match else position


def only_document(text: bytes, thought: int) -> tuple[int, int] | None:
    """From the first bracket to the last, where nothing in front of them or after them may belong to it."""
    start = next_opening(text, thought)
    end = max(text.rfind(b"}"), text.rfind(b"]")) + 1
    if start is None or end <= start or is_member(text, start) or next_opening(text, end) is not None:
        return None
    quoted = lexical.OPENING.match(text, _unmarked(text, thought))
    end = _spaces(text, end)
    return None if quoted or text[end : end + 1] in {b",", b":"} else (start, end)


def layers(text: bytes) -> Iterator[tuple[int, int, bool]]:
    """The bounds of what is left when more and more around a text is taken off; and whether a fence ended it."""
    start, end = thought_until(text), len(text)
    yield start, start + len(text[start:].rstrip(b" \t\r\n")), False
    yield _spaces(text, start), start + len(text[start:].rstrip(b" \t\r\n")), False
    inside = _unmarked(text, start)
    end = inside + len(text[inside:].rstrip(b" \t\r\n"))
    yield inside, end, False
    fenced = _fenced(text, inside, end)
    if fenced:
        yield (*fenced, True)


def around(text: bytes, start: int, end: int, thought: int, *, spaces: bool = False) -> list[Change]:
    """The changes that leave what is between ``start`` and ``end``, and white space around it unless that goes too."""
    return [
        *(_change(0, thought, "think_block") if thought else ()),
        *_removed(text, thought, start, spaces=spaces),
        *_removed(text, end, len(text), spaces=spaces),
    ]


def _removed(text: bytes, start: int, end: int, *, spaces: bool) -> Iterator[Change]:
    """Every part of what is there; the white space after a part goes with it."""
    position = start
    for match in _PARTS.finditer(text, start, end):
        yield from _prose(text, position, match.start(), spaces=spaces)
        position = min(_spaces(text, match.end()), end)
        yield from _change(match.start(), position, str(match.lastgroup))
    yield from _prose(text, position, end, spaces=spaces)


def _prose(text: bytes, start: int, end: int, *, spaces: bool) -> Iterator[Change]:
    if text[start:end].strip(b" \t\r\n"):
        yield from _change(start, end, "prose")
    elif spaces and start < end:
        yield from _change(start, end, "white_space")


def _change(start: int, end: int, rule: str) -> Iterator[Change]:
    yield Change(start, -1, end, -1, b"", rule, "")
