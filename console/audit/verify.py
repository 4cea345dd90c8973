"""Walks the whole journal and says whether it is what was written, or names the first record that isn't.

Whoever may write the files could make every hash anew; that, and a cut end, only anchors tell.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.audit.anchors import Witness
from console.audit.errors import AnchorError
from console.audit.files import Line, lines
from console.audit.journal import SEAL
from console.audit.record import BEGINNING, Head, Record, RecordError, read_line


@dataclass(frozen=True, slots=True)
class Finding:
    """The first record that isn't what was written. `place` is `file:line`."""

    place: str
    sequence: int
    why: str

    def __str__(self) -> str:
        return f"{self.place}: record {self.sequence} {self.why}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`records` were found sound, one after the other up to `head`; `notes` say what is nobody's fault."""

    records: int
    head: Head
    finding: Finding | None
    notes: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return self.finding is None


def verify(folder: Path, witnesses: Sequence[Witness] = ()) -> Verdict:
    """Check every line of the journal in `folder`; JournalError when a file can't be read.

    What isn't sound is looked at once more: an edit lasts, a line that is being written doesn't.
    """
    first = _looked_through(folder, witnesses)
    return first if first.sound else _looked_through(folder, witnesses)


def _looked_through(folder: Path, witnesses: Sequence[Witness]) -> Verdict:
    # Before the files: a record that is appended meanwhile would be known there, and not yet read here.
    heads, silent = _ask(witnesses)
    walk = _Walk()
    found = walk.through(lines(folder))
    contradicted = _contradiction(walk, heads)
    if contradicted is not None and (found is None or contradicted.sequence < found.sequence):
        found = contradicted
    if not heads:
        silent.append("no anchor knows this journal: a cut end would not be noticed")
    return Verdict(len(walk.chain), walk.head, found, (*walk.notes, *silent))


@dataclass(slots=True)
class _Walk:
    """Goes from line to line, for as long as each record follows the one before."""

    chain: list[tuple[str, str]] = field(default_factory=list)
    """Hash and place of every record so far; the first has sequence 1."""
    place: str = "no file"
    """The line that was looked at last."""
    unended: str = ""
    """The place of the last record, where that lacks its newline."""
    notes: list[str] = field(default_factory=list)
    unsound: list[Line] = field(default_factory=list)
    """The lines since the last record that are none."""

    @property
    def head(self) -> Head:
        return Head(len(self.chain), self.chain[-1][0]) if self.chain else BEGINNING

    @property
    def due(self) -> int:
        """The sequence that comes next."""
        return len(self.chain) + 1

    def through(self, every: Iterator[Line]) -> Finding | None:
        for line in every:
            if self.unended:  # and yet something follows it: in another file, as nothing can in its own
                return Finding(self.unended, len(self.chain), "has lost its newline: cut off")
            self.place = str(line)
            try:
                record = read_line(line.raw)
            except RecordError:
                self.unsound.append(line)
                continue
            finding = self._unsealed(record) or self._misplaced(record, every)
            if finding is not None:
                return finding
            self.chain.append((record.hash, self.place))
            self.unended = "" if line.ended else self.place
        return self._end()

    def _unsealed(self, record: Record) -> Finding | None:
        """What is wrong between the last record and this one."""
        if record.action != SEAL:
            return self._edited() if self.unsound else None
        if not self.unsound:
            return Finding(self.place, self.due, "seals a torn line that is no longer there: dropped")
        torn = b"\n".join(line.raw for line in self.unsound)
        if record.evidence != {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}:
            return self._edited()
        self.notes.append(f"{self.unsound[0]}: torn by a crash, sealed by record {record.sequence}")
        self.unsound = []
        return None

    def _misplaced(self, record: Record, following: Iterable[Line]) -> Finding | None:
        """What is wrong with this record's place in the chain."""
        due, has = self.due, record.sequence
        if has < due:
            return Finding(self.place, due, f"is not here but record {has} once more: reordered")
        if has > due:
            if any(_sequence(line) == due for line in following):
                return Finding(self.place, due, f"stands after record {has}: reordered")
            missing = f"to {has - 1} are" if has > due + 1 else "is"
            return Finding(self.place, due, f"{missing} missing before record {has}: dropped")
        if record.previous != self.head.hash:
            return Finding(self.place, due, f"does not follow record {due - 1} as it stands: edited")
        return None

    def _end(self) -> Finding | None:
        if self.unsound and self.unsound[-1].ended:
            return self._edited()
        if self.unsound or self.unended:
            self.notes.append(f"{self.place}: unfinished, as after a crash; the next record seals it")
        return None

    def _edited(self) -> Finding:
        return Finding(str(self.unsound[0]), self.due, "is not what was written: edited")


def _sequence(line: Line) -> int | None:
    try:
        return read_line(line.raw).sequence
    except RecordError:
        return None


def _ask(witnesses: Sequence[Witness]) -> tuple[list[tuple[str, Head]], list[str]]:
    """All heads that are known, each with who knows it; and who could not be asked."""
    heads, silent = [], []
    for witness in witnesses:
        try:
            heads += [(witness.name, head) for head in witness.kept()]
        except AnchorError as error:
            silent.append(str(error))
    return heads, silent


def _contradiction(walk: _Walk, heads: Sequence[tuple[str, Head]]) -> Finding | None:
    """The first record that an anchor knows otherwise."""
    known = [finding for name, head in heads if (finding := _contradicts(walk, name, head)) is not None]
    return min(known, key=lambda finding: finding.sequence, default=None)


def _contradicts(walk: _Walk, name: str, head: Head) -> Finding | None:
    if head.sequence >= walk.due:
        return Finding(walk.place, walk.due, f"is missing, and {name} knows record {head.sequence}: cut off")
    if head.sequence < 1:
        return None
    digest, place = walk.chain[head.sequence - 1]
    if digest != head.hash:
        return Finding(place, head.sequence, f"is not the one that {name} knows: edited")
    if place == walk.unended:
        return Finding(place, head.sequence, f"has lost its newline, and {name} knows it: cut off")
    return None
