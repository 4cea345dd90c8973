"""What is written, where to and when: steps and keys into segments, within the bounds, and never a full disk.

Nothing here raises because a disk fails: `note` then says why nothing is recorded, and it is tried again.
"""

import logging
import math
from collections import deque
from dataclasses import replace
from pathlib import Path

from console.domain.clock import Clock
from console.domain.snapshot import Snapshot
from console.history.frames import LARGEST_PAYLOAD, Kind
from console.history.header import Header
from console.history.payload import pack
from console.history.ring import LEAST_FREE, MEGABYTE, Bounds, free_space, make_room
from console.history.segment import SegmentWriter
from console.history.steps import StepWriter

log = logging.getLogger(__name__)

WHOLE_EVERY = 60.0
"""Seconds between two steps that hold everything: what is read at most to get to an instant."""
STEPS_A_WHOLE = 12
"""How many steps there are to one that holds everything at least, which costs several of them."""
SAFE_EVERY = 10.0
"""Seconds of which a power cut may take what was written."""
TRIED_AGAIN = 15.0
"""Seconds after a failure until writing is tried again."""
_MOST_KEYS = 1000


class Tape:
    """The record of one console. Not for several threads at once, but for `key`."""

    def __init__(self, folder: Path, header: Header, bounds: Bounds, clock: Clock) -> None:
        self.note = ""
        self.steps = 0
        self.bytes = 0
        self.files: list[Path] = []
        self._folder = folder
        self._header = header
        self._bounds = bounds
        self._clock = clock
        self._writer: SegmentWriter | None = None
        self._step_writer = StepWriter()
        self._keys: deque[tuple[float, float, str]] = deque(maxlen=_MOST_KEYS)
        self._last_at = self._whole_at = self._safe_at = self._failed_at = -math.inf

    def key(self, name: str) -> None:
        """Note a key of the operator's, to be written with the next step; from any thread."""
        self._keys.append((self._clock.now(), self._clock.wall(), name))

    def step(self, snapshot: Snapshot, every: float) -> None:
        """Write what has changed since the step before; `every` seconds are meant to lie between two."""
        if snapshot.at <= self._last_at or self._clock.now() < self._failed_at + TRIED_AGAIN:
            return
        try:
            self._write(snapshot, every)
        except OSError as error:
            self._fail(error)
        else:
            self._last_at = snapshot.at
            self.steps += 1
            self.note = ""

    def close(self) -> None:
        """Write the keys that are left, and end the file."""
        if self._writer is None:
            return
        try:
            self._write_keys(self._writer)
            self._writer.keep_safe()
        except OSError as error:
            self._fail(error)
        self._end_segment()

    def _write(self, snapshot: Snapshot, every: float) -> None:
        whole = self._is_time_for_a_whole(snapshot.at, every)
        if whole:
            self._make_room(snapshot.at, every)
        if self._writer is None or free_space(self._folder) < LEAST_FREE:
            raise OSError(f"less than {LEAST_FREE // MEGABYTE} MB free")
        before, self._whole_at = self._whole_at, -math.inf  # what fails here is missing to what follows it
        writer, steps = self._writer, self._step_writer
        payload = steps.whole(snapshot, every) if whole else steps.changes(snapshot, every)
        if len(payload) > LARGEST_PAYLOAD:
            raise OSError(f"a step of {len(payload) // MEGABYTE} MB")
        self._write_keys(writer)
        wall = self._clock.wall() - self._clock.now() + snapshot.at
        self._append(writer, Kind.WHOLE if whole else Kind.CHANGES, snapshot.at, wall, payload)
        self._whole_at = snapshot.at if whole else before
        if snapshot.at >= self._safe_at + SAFE_EVERY:
            writer.keep_safe()
            self._safe_at = snapshot.at

    def _is_time_for_a_whole(self, now: float, every: float) -> bool:
        return now >= self._whole_at + max(WHOLE_EVERY, STEPS_A_WHOLE * every) or (
            self._writer is not None and self._writer.size >= self._bounds.segment_size
        )

    def _make_room(self, now: float, every: float) -> None:
        """Go on in a new file where it is time to, and remove what is older than the bounds."""
        writer, wall = self._writer, self._clock.wall()
        if writer is not None and (
            now >= writer.began + self._bounds.segment_time
            or writer.size >= self._bounds.segment_size
            or not writer.path.exists()
        ):
            self._end_segment()
        if self._writer is None:
            self._writer = SegmentWriter(self._folder, replace(self._header, every=every), now, wall)
            self.files.append(self._writer.path)
            self.bytes += self._writer.size
        make_room(self._folder, self._bounds, wall, self._writer.path)

    def _write_keys(self, writer: SegmentWriter) -> None:
        while self._keys:
            now, wall, name = self._keys[0]
            self._append(writer, Kind.KEY, now, wall, pack({"key": name})[0])
            self._keys.popleft()

    def _append(self, writer: SegmentWriter, kind: Kind, now: float, wall: float, payload: bytes) -> None:
        before = writer.size
        writer.write(kind, now, wall, payload)
        self.bytes += writer.size - before

    def _end_segment(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._whole_at = -math.inf

    def _fail(self, error: OSError) -> None:
        """Say why there is no record, once in the log, and try again later with a new file."""
        note = f"history is not recorded: {self._folder}: {error.strerror or error}"
        if note != self.note:
            log.warning("%s", note)
        self.note = note
        self._failed_at = self._clock.now()
        self._end_segment()
