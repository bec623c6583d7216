"""Text without a contract: any UTF-8."""

import codecs

from casava_contract.diagnose import from_reason
from casava_contract.verdict import Partial, Reason, State, Verdict

_COMPLETE = Verdict(State.COMPLETE)


class AnyText:
    """A validator of any text."""

    def __init__(self) -> None:
        self._read = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._last = _COMPLETE

    @property
    def offset(self) -> int:
        return len(self._read)

    def feed(self, piece: bytes) -> Verdict:
        if self._last.state is not State.DEAD:
            self._decode(piece, State.DEAD)
        return self._last

    def finish(self) -> Verdict:
        if self._last.state is State.COMPLETE and self._decode(b"", State.INVALID, final=True):
            self._last = Verdict(State.VALID)
        elif self._last.state is State.DEAD:
            self._last = Verdict(State.INVALID, self._last.errors)
        return self._last

    def partial(self) -> Partial:
        return Partial(None, "", self._read.decode(errors="replace"))

    def _decode(self, piece: bytes, otherwise: State, *, final: bool = False) -> bool:
        begun = len(self._read) - len(self._decoder.getstate()[0])
        self._read += piece
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            reason = Reason("", "", "not UTF-8", code="syntax.encoding")
            self._last = Verdict(otherwise, (from_reason(reason, self._read, begun + error.start, ""),))
            return False
        return True
