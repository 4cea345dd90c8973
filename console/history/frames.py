"""The file of a record: one line that says what it is, then frames, each of which is checked by itself.

A frame is `marker (2 bytes), kind (1), length of the payload (4), CRC-32 (4), now (8), wall (8), payload`,
numbers little-endian, the checksum over everything that follows it and over kind and length. A frame that
was cut off at the end is as if it had never been; a damaged one before others is skipped and counted.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

FIRST_LINE = b"opsconsole record 1\n"
"""What a file begins with; the number is the format's."""
LARGEST_PAYLOAD = 64 << 20
"""Bytes of one payload, compressed and not: a file from elsewhere must not fill the memory."""

_MARKER = b"\xb5\x1e"
_HEAD = struct.Struct("<2sBIIdd")
_LAST_DAY = 253_370_764_800.0
"""The year 9999: no calendar goes further."""
_CHECKED = struct.Struct("<BIdd")


class RecordError(ValueError):
    """A file that can't be replayed: which, where, and what is allowed there, in one line."""


class Kind(IntEnum):
    HEADER = 1
    """Whose record it is and what to judge by: the first frame of every segment."""
    WHOLE = 2
    """Every source in full: reading can begin here."""
    CHANGES = 3
    """What has changed since the frame before."""
    KEY = 4
    """A key that the operator pressed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a payload stands in its file, and the instant it speaks of by the console's two clocks."""

    kind: Kind
    now: float
    wall: float
    offset: int
    length: int

    def payload(self, data: bytes) -> bytes:
        return data[self.offset : self.offset + self.length]


def frame(kind: Kind, now: float, wall: float, payload: bytes) -> bytes:
    """The bytes of one frame."""
    checked = _CHECKED.pack(kind, len(payload), now, wall)
    return (
        _HEAD.pack(_MARKER, kind, len(payload), zlib.crc32(payload, zlib.crc32(checked)), now, wall) + payload
    )


def find_frames(data: bytes) -> tuple[tuple[Frame, ...], int]:
    """Every sound frame of a file's bytes, and in how many places there was damage between them.

    Raises RecordError, without the file's name, when the first line isn't that of a record.
    """
    if not data.startswith(FIRST_LINE):
        raise RecordError(
            f"byte 0: not a record of opsconsole: it begins with {FIRST_LINE.decode().strip()!r}"
        )
    found: list[Frame] = []
    gaps, sound_until = 0, len(FIRST_LINE)
    for one in _frames(data, sound_until):
        if one.offset - _HEAD.size != sound_until:
            gaps += 1
        found.append(one)
        sound_until = one.offset + one.length
    return tuple(found), gaps


def _frames(data: bytes, at: int) -> Iterator[Frame]:
    while at >= 0:
        one = _frame_at(data, at)
        if one is None:
            at = data.find(_MARKER, at + 1)
        else:
            yield one
            at = one.offset + one.length


def _frame_at(data: bytes, at: int) -> Frame | None:
    if at + _HEAD.size > len(data):
        return None
    marker, kind, length, checksum, now, wall = _HEAD.unpack_from(data, at)
    offset = at + _HEAD.size
    if marker != _MARKER or length > min(LARGEST_PAYLOAD, len(data) - offset) or kind not in _KINDS:
        return None
    sum_of_head = zlib.crc32(_CHECKED.pack(kind, length, now, wall))
    if zlib.crc32(memoryview(data)[offset : offset + length], sum_of_head) != checksum:
        return None
    if not (0 <= now < _LAST_DAY and 0 <= wall < _LAST_DAY):
        return None
    return Frame(Kind(kind), now, wall, offset, length)


_KINDS = frozenset(Kind)
