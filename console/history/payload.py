"""The bytes inside a frame: a JSON document with blocks of floats beside it, compressed.

Floats are many and change a little at a time, so a block holds them exclusive-or'ed with what they were, all
first bytes, then all second bytes, and so on: what hasn't changed is a run of zeros. Equal blocks are kept
once, since an engine's metric and the panel that shows it are often the same numbers.
"""

import itertools
import json
import struct
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from console.domain.metrics import LateSeries
from console.history.cells import as_json
from console.history.frames import LARGEST_PAYLOAD, RecordError

_LENGTH = struct.Struct("<I")
_FLOAT = 8
_BLOCKS = "blocks"
_WINDOW = 1 << 15
"""Bytes that zlib looks back on."""
_QUICK = 1
"""zlib's level: others save a tenth of the bytes for twice the time."""

_DAMAGED = (ValueError, TypeError, KeyError, RecursionError, struct.error, zlib.error)
"""What bytes that aren't as we wrote them can raise on the way."""


class Blocks:
    """Blocks of floats, gathered for one payload or read from one."""

    def __init__(self, blocks: list[bytes] | None = None) -> None:
        self.blocks = [] if blocks is None else blocks
        self._places: dict[bytes, int] = {}

    def add(self, numbers: "array[float]", before: "array[float] | None") -> int:
        """Keep `numbers` as what has changed since `before`; the number of the block."""
        changed = numbers.tobytes()
        if before is not None:
            changed = _exclusive_or(changed, before.tobytes())
        place = self._places.setdefault(changed, len(self.blocks))
        if place == len(self.blocks):
            self.blocks.append(b"".join(changed[byte::_FLOAT] for byte in range(_FLOAT)))
        return place

    def numbers(self, place: int, before: "array[float] | None") -> "array[float]":
        """What was added; RecordError where the block doesn't fit to `before`."""
        if not 0 <= place < len(self.blocks):
            raise RecordError(f"no block {place}")
        block = self.blocks[place]
        if len(block) % _FLOAT or (before is not None and len(block) != len(before) * _FLOAT):
            raise RecordError(f"block {place} has {len(block)} bytes")
        whole = bytearray(len(block))
        size = len(block) // _FLOAT
        for byte in range(_FLOAT):
            whole[byte::_FLOAT] = block[byte * size : (byte + 1) * size]
        changed = bytes(whole) if before is None else _exclusive_or(bytes(whole), before.tobytes())
        return array("d", changed)


def pack(
    document: Mapping[str, object], blocks: Blocks | None = None, before: bytes = b""
) -> tuple[bytes, bytes]:
    """One payload, and the end of its JSON text.

    `before` is that of the payload before: what the two have in common, names above all, takes no room.
    """
    parts = [] if blocks is None else blocks.blocks
    text = list(_pieces({**document, _BLOCKS: [len(part) for part in parts]}))
    length = _LENGTH.pack(sum(map(len, text)))
    squeezer = zlib.compressobj(_QUICK, zdict=before) if before else zlib.compressobj(_QUICK)
    packed = [squeezer.compress(part) for part in itertools.chain((length,), text, parts)]
    return b"".join((*packed, squeezer.flush())), _end(text)


def unpack(payload: bytes, before: bytes = b"") -> tuple[dict[str, Any], Blocks, bytes]:
    """What was packed, and the end of its JSON text. RecordError for anything else."""
    try:
        reading = zlib.decompressobj(zdict=before) if before else zlib.decompressobj()
        whole = reading.decompress(payload, LARGEST_PAYLOAD)
        if not reading.eof:
            raise RecordError(f"more than {LARGEST_PAYLOAD >> 20} MB, or cut off")
        (length,) = _LENGTH.unpack_from(whole)
        text = whole[_LENGTH.size : _LENGTH.size + length]
        document = json.loads(text)
        at, blocks = _LENGTH.size + length, []
        for size in document.pop(_BLOCKS):
            if size < 0 or at + size > len(whole):
                raise RecordError("a block is cut off")
            blocks.append(whole[at : at + size])
            at += size
    except RecordError:
        raise
    except _DAMAGED as error:
        raise RecordError(f"not what a console writes: {error}") from None
    return document, Blocks(blocks), text[-_WINDOW:]


def _pieces(value: object) -> Iterator[bytes]:
    """JSON in pieces, a column of a table to each at most: the whole text of thousands of rows is long.

    What a column is told by is there for as long as its piece is written.
    """
    if not isinstance(value, dict) or not value:
        yield json.dumps(_told(value), separators=(",", ":"), default=as_json).encode()
        return
    before = b"{"
    for key, inner in value.items():
        yield before + json.dumps(key).encode() + b":"
        yield from _pieces(inner)
        before = b","
    yield b"}"


def _told(value: object) -> object:
    """A column for JSON: amounts as text, since asking how to tell each of thousands takes longer."""
    if isinstance(value, LateSeries):
        return [[one.name, one.labels] for one in value]
    if not isinstance(value, list) or Decimal not in set(map(type, value)):
        return value
    return [str(cell) if type(cell) is Decimal else cell for cell in value]


def _end(text: Sequence[bytes]) -> bytes:
    """The last bytes of a text in pieces, as many as zlib looks back on."""
    end = b""
    for piece in reversed(text):
        if len(end) >= _WINDOW:
            break
        end = piece[-_WINDOW:] + end
    return end[-_WINDOW:]


def _exclusive_or(one: bytes, other: bytes) -> bytes:
    number = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return number.to_bytes(len(one), "little")
