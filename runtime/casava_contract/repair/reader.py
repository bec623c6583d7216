"""Follows one reading of an answer token by token, up to where something must be decided."""

from typing import Final

from casava_contract.repair import lexical
from casava_contract.repair.lexical import Context
from casava_contract.repair.path import (
    ARRAY,
    CLOSER,
    CLOSERS,
    COLON,
    COMMA,
    OBJECT,
    Item,
    Mark,
    Path,
    Stack,
    State,
    Text,
)

_STRINGS: Final = frozenset(b"\"'\xe2\xc2")
_KINDS: Final = {2: "s", 3: "n", 4: "l"}  # by the group of lexical.PLAIN_MEMBER
_NUMERIC: Final = b"0123456789."


class Reader:
    """``splits`` holds the readings that have parted from those followed, until somebody takes them."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._data = text.data
        self.splits: list[Path] = []

    def follow(self, path: Path) -> None:
        """Read on to the next decision, the end or the death of the reading."""
        data, spend, length, most = self._data, self._text.work.spend, len(self._data), self._text.most
        skip = lexical.SPACE.match
        while path.state < State.DONE:
            spend()
            if path.edits > most:
                path.die()
                return
            if path.state <= State.NEXT and self._plain(path):
                continue
            path.position = position = skip(data, path.position).end()  # type: ignore[union-attr]  # it matches nothing at least
            if position >= length or data.startswith(lexical.FENCE, position):
                if path.state is not State.AFTER:
                    path.die(cut=True)
                return
            byte = data[position]
            if byte in b"/#\xc2\xe2\xe3\xef\x0b\x0c" and self._skipped(path, byte):
                continue
            if not self._step(path, byte):
                return

    def _plain(self, path: Path) -> bool:
        """Whether a member or an element that needs no repair was read, with the comma after it."""
        stack = path.stack
        if stack is None:
            return False
        match = (lexical.PLAIN_MEMBER if stack.kind == OBJECT else lexical.PLAIN_ELEMENT).match(
            self._data, path.position
        )
        if match is None:
            return False
        log = path.log
        if stack.kind == OBJECT:
            log = Item(log, "k", *match.span(1))
        which = 2 if match[2] is not None else 3 if match[3] is not None else 4
        start, end = match.span(which)
        log = Item(log, _KINDS[which], start, end)
        comma, after = match.span(5)
        path.log = Item(log, ",", comma, after, None, "", Mark(comma, log, stack, path.cost, path.edits, end))
        path.position, path.value_end, path.state = after, end, State.NEXT
        return True

    def _step(self, path: Path, byte: int) -> bool:
        """Read one token. False: something must be decided."""
        state, stack = path.state, path.stack
        if state is State.AFTER:
            return stack is not None and self._after(path, stack, byte)
        if state is State.COLON:
            if byte == COLON:
                path.state, path.position = State.VALUE, path.position + 1
            return byte == COLON
        if byte == COMMA or byte in CLOSERS:
            return self._comma_or_end(path, byte)
        if stack is None or state is State.VALUE or stack.kind == ARRAY:
            self._value(path, byte)
            return True
        return self._key(path, byte)

    def _skipped(self, path: Path, byte: int) -> bool:
        """Whether a comment or odd white space was taken out here, or something stands here that may not be."""
        position = path.position
        if byte in b"/#":
            match = lexical.COMMENT.match(self._data, position)
            if match is None or lexical.ELISION.match(self._data, position):
                path.die()
                return True
            path.edit("comment", position, match.end())
        else:
            match = lexical.ODD_SPACES.match(self._data, position)
            if match is None:
                return False
            path.edit("white_space", position, match.end(), b" ")
        path.position = match.end()
        return True

    def _after(self, path: Path, stack: Stack, byte: int) -> bool:
        """After a value: a comma, the end, or a comma that is missing."""
        position = path.position
        mark = Mark(position, path.log, stack, path.cost, path.edits, path.value_end)
        if byte == COMMA:
            path.log = Item(path.log, ",", position, position + 1, None, "", mark)
            path.state, path.position = State.NEXT, position + 1
        elif byte in CLOSERS:
            if CLOSERS[byte] != stack.kind:
                return False
            path.log = Item(path.log, chr(byte), position, position + 1, None, "", mark)
            path.position = position + 1
            path.closed(stack, position + 1)
        elif self._comma_is_missing(path, stack.kind):
            path.log = Item(path.log, ",", path.value_end, path.value_end, b",", "missing_comma", mark)
            path.charge("missing_comma")
            path.state = State.NEXT
        else:
            return False
        return True

    def _comma_is_missing(self, path: Path, kind: int) -> bool:
        data, position, value_end = self._data, path.position, path.value_end
        if kind == OBJECT:
            return lexical.KEY_AHEAD.match(data, position) is not None
        if position == value_end or lexical.VALUE_AHEAD.match(data, position) is None:
            return False
        # 1 234 may be one number.
        numbers = data[value_end - 1] in _NUMERIC and data[position] in b"+-0123456789."
        return not numbers or b"\n" in data[value_end:position]

    def _comma_or_end(self, path: Path, byte: int) -> bool:
        """A comma or a closing bracket where a member, an element or a value is due."""
        stack, position = path.stack, path.position
        if stack is None or path.state is State.VALUE:
            path.die()
        elif byte == COMMA:
            if stack.kind == ARRAY:  # who knows what was to stand before it
                path.die()
            else:
                path.edit("extra_comma", position, position + 1)
                path.position = position + 1
        elif path.state is State.NEXT:
            self._trailing_comma(path)
        elif CLOSERS[byte] == stack.kind:
            path.log = Item(path.log, chr(byte), position, position + 1)
            path.position = position + 1
            path.closed(stack, position + 1)
        else:
            path.value_end, path.state = stack.start + 1, State.AFTER
            return False
        return True

    def _trailing_comma(self, path: Path) -> None:
        comma = path.log
        while comma is not None and comma.op == "e":
            comma = comma.before
        if comma is None or comma.op != ",":
            path.die()
            return
        path.edit("trailing_comma", comma.start, comma.end)
        path.state = State.AFTER

    def _value(self, path: Path, byte: int) -> None:
        position, stack = path.position, path.stack
        if byte not in CLOSER:
            context = Context.ROOT if stack is None else Context.ELEMENT if stack.kind == ARRAY else Context.MEMBER
            self._scalar(path, byte, context)
            return
        depth = stack.depth + 1 if stack else 1
        if depth > self._text.deepest:
            path.die()
            return
        path.log = Item(path.log, chr(byte), position, position + 1)
        path.stack = Stack(byte, position, depth, stack)
        path.state, path.position = State.FIRST, position + 1

    def _scalar(self, path: Path, byte: int, context: Context) -> None:
        data, position = self._data, path.position
        if byte in _STRINGS and lexical.OPENING.match(data, position):
            tokens = lexical.strings(data, position, context, self._text.work)
        else:
            word = lexical.word(data, position, context)
            tokens = (word,) if word else ()
        if not tokens:
            path.die(cut=tokens is None or lexical.is_cut(data, position))
            return
        for token in tokens[1:]:
            other = path.fork()
            _take(other, token)
            self.splits.append(other)
        _take(path, tokens[0])

    def _key(self, path: Path, byte: int) -> bool:
        data, position = self._data, path.position
        if byte in _STRINGS and lexical.OPENING.match(data, position):
            tokens = lexical.strings(data, position, Context.KEY, self._text.work)
            if not tokens:
                path.die(cut=tokens is None)
                return True
            for token in tokens[1:]:
                other = path.fork()
                _take_key(other, token)
                self.splits.append(other)
            _take_key(path, tokens[0])
            return True
        match = lexical.UNQUOTED_KEY.match(data, position)
        if match is None or not lexical.follows(data, match.end(), Context.KEY):
            return False
        _take_key(path, lexical.Token("k", match.end(), b'"' + match[0] + b'"', "unquoted_key"))
        return True


def _take(path: Path, token: lexical.Token) -> None:
    path.log = Item(path.log, token.kind, path.position, token.end, token.after, token.rule)
    path.cost += token.extra
    if token.rule:
        path.charge(token.rule)
    path.position = path.value_end = token.end
    path.state = State.AFTER if path.stack else State.DONE


def _take_key(path: Path, token: lexical.Token) -> None:
    path.log = Item(path.log, "k", path.position, token.end, token.after, token.rule)
    path.cost += token.extra
    if token.rule:
        path.charge(token.rule)
    path.position = token.end
    path.state = State.COLON
