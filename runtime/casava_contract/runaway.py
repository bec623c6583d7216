"""Output that only repeats itself: a model that has lost its way, which no grammar sees as an error."""

from typing import Final

_PERIOD: Final = 256


def repeats(buffer: bytes | bytearray, length: int) -> bool:
    """Whether the last ``length`` bytes are one piece of at most 256 bytes, again and again."""
    if len(buffer) < length or length <= 2 * _PERIOD:
        return False
    tail = bytes(buffer[-length:])
    piece = tail[-_PERIOD:]
    before = tail.rfind(piece, 0, length - 1)
    period = length - _PERIOD - before
    return before >= 0 and period <= _PERIOD and tail[period:] == tail[:-period]
