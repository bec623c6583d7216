"""Reader of GGUF headers: metadata, and how long the file must be. It never reads a tensor's data.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little endian).
Every count and length is checked against what is left of the file before memory is taken, so that a file of random
bytes costs little and ends in NotGguf.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)
DEFAULT_ALIGNMENT: Final = 32
MAX_ITEMS: Final = 1 << 17  # metadata keys, tensors
MAX_DIMENSIONS: Final = 4
MAX_TEXT: Final = 1 << 24  # bytes; chat templates reach some 10 kB
MAX_ELEMENTS: Final = 1 << 40
FIRST_READ: Final = 1 << 22  # bytes
MAX_HEADER: Final = 1 << 28  # bytes; a vocabulary of 250,000 tokens takes some 15 MB
KEPT_ARRAYS: Final = frozenset({"tokenizer.ggml.tokens"})

_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING: Final = 8
_ARRAY: Final = 9

# ggml type -> (elements of a block, bytes of a block)
_BLOCKS: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18), 42: (64, 18),
}  # fmt: skip

Value = bool | int | float | str


class NotGguf(Exception):  # noqa: N818 - a finding about a file
    """The bytes are not a GGUF file that this reader knows."""


class Truncated(NotGguf):
    """The header goes on past the end of the file."""


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself. ``size``: bytes that the file must have at least."""

    metadata: Mapping[str, Value]
    tokens: "Strings | None"
    parameters: int
    size: int


@dataclass(frozen=True)
class Strings:
    """An array of strings left where it is, read by index: a vocabulary has 10^5 of them and two are wanted."""

    data: bytes
    count: int

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < self.count:
            raise IndexError(index)
        offset = 0
        for _ in range(index):
            offset += 8 + int.from_bytes(self.data[offset : offset + 8], "little")
        length = int.from_bytes(self.data[offset : offset + 8], "little")
        return self.data[offset + 8 : offset + 8 + length].decode("utf-8", "replace")


def read_header(path: Path) -> Header:
    """Read the header of the file at ``path``. Raise NotGguf, Truncated or OSError.

    The file is read and not mapped: one that shrinks while it is read must not end the process with SIGBUS.
    """
    with path.open("rb") as file:
        data = file.read(FIRST_READ)
        while True:
            try:
                return parse_header(data)
            except Truncated:
                more = file.read(len(data)) if len(data) < MAX_HEADER else b""
                if not more:
                    raise
                data += more


def parse_header(data: bytes) -> Header:
    """Parse the header at the start of ``data``; tensor data may be cut off. Raise NotGguf or Truncated."""
    cursor = _Cursor(data)
    if cursor.take(4) != MAGIC:
        raise NotGguf("it does not begin with the letters GGUF")
    version = cursor.number("<I")
    if version not in VERSIONS:
        raise NotGguf(f"its GGUF version is {version}; 2 and 3 are known")
    tensors, keys = cursor.count(MAX_ITEMS, "tensors"), cursor.count(MAX_ITEMS, "metadata keys")
    metadata: dict[str, Value] = {}
    tokens: Strings | None = None
    for _ in range(keys):
        key = cursor.text()
        value = cursor.value(keep=key in KEPT_ARRAYS)
        if isinstance(value, Strings):
            tokens = value
        elif value is not None:
            metadata[key] = value
    parameters, end = _tensors(cursor, tensors)
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment <= 0 or alignment % 8:
        raise NotGguf(f"its alignment is {alignment!r}")
    start = -(-cursor.offset // alignment) * alignment
    return Header(metadata, tokens, parameters, start + end if tensors else cursor.offset)


def _tensors(cursor: "_Cursor", count: int) -> tuple[int, int]:
    """Elements of all tensors, and where the last one ends, in bytes from the start of the data."""
    elements, end = 0, 0
    for _ in range(count):
        cursor.text()
        dimensions = cursor.number("<I")
        if dimensions > MAX_DIMENSIONS:
            raise NotGguf(f"a tensor has {dimensions} dimensions")
        size = prod(cursor.number("<Q") for _ in range(dimensions))
        kind, offset = cursor.number("<I"), cursor.number("<Q")
        if not 0 < size <= MAX_ELEMENTS or offset > MAX_ELEMENTS * 8:
            raise NotGguf("a tensor's shape or place makes no sense")
        # An unknown type is llama.cpp's to judge; the file must reach at least to its first byte.
        block, width = _BLOCKS.get(kind, (size, 1))
        elements += size
        end = max(end, offset + -(-size // block) * width)
    return elements, end


class _Cursor:
    """A place in bytes that refuses to leave them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = len(data)
        self.offset = 0

    def take(self, length: int) -> bytes:
        start = self.skip(length)
        return self._data[start : start + length]

    def skip(self, length: int) -> int:
        start = self.offset
        if length > self._size - start:
            raise Truncated(f"the header ends after {self._size} bytes")
        self.offset += length
        return start

    def number(self, form: str) -> int:
        start = self.skip(struct.calcsize(form))
        return int(struct.unpack_from(form, self._data, start)[0])

    def count(self, most: int, what: str) -> int:
        number = self.number("<Q")
        if number > most:
            raise NotGguf(f"it claims {number} {what}")
        return number

    def text(self) -> str:
        return self.take(self.count(MAX_TEXT, "bytes of text")).decode("utf-8", "replace")

    def value(self, *, keep: bool) -> Value | Strings | None:
        """The next value; None for an array that nobody asked for."""
        kind = self.number("<I")
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._array(keep=keep)
        form = _SCALARS.get(kind)
        if form is None:
            raise NotGguf(f"a metadata value has the unknown type {kind}")
        start = self.skip(struct.calcsize(form))
        value: bool | int | float = struct.unpack_from(form, self._data, start)[0]
        return value

    def _array(self, *, keep: bool) -> Strings | None:
        kind, count = self.number("<I"), self.number("<Q")
        start = self.offset
        if kind == _STRING:
            # Each string takes 8 bytes at least, so a count that lies ends at the file's end, not in a long loop.
            if count > (self._size - start) // 8:
                raise Truncated(f"the header ends after {self._size} bytes")
            unpack, data, limit, offset = struct.Struct("<Q").unpack_from, self._data, self._size, start
            for _ in range(count):
                if offset + 8 > limit:
                    raise Truncated(f"the header ends after {self._size} bytes")
                offset += 8 + unpack(data, offset)[0]
            self.skip(offset - start)
            return Strings(bytes(self._data[start : self.offset]), count) if keep else None
        form = _SCALARS.get(kind)
        if form is None:
            raise NotGguf(f"a metadata array has the unknown type {kind}")
        self.skip(count * struct.calcsize(form))
        return None
