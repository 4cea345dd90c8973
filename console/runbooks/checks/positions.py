"""Whether the database, the engine and the exchange agree on what is open."""

import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from console.domain.assessment import Assessment
from console.domain.truth import Finding, Truth, lasting, truth_of
from console.runbooks.checks.answers import kept
from console.runbooks.lookout import Look
from console.runbooks.model import Found

SETTLING = 2.0
"""Seconds between two looks: what differs in both isn't on its way."""
MOST_LOOKS = 4


@dataclass(frozen=True, slots=True)
class Truths:
    """Looks at all three. `not_exported` are the metrics that the engine is known not to have."""

    look: Look
    not_exported: Set[str] = frozenset()
    wait: Callable[[float], None] = time.sleep

    def now(self) -> Truth:
        """What is told. What differs was seen twice, some seconds apart; what is on its way is waited for."""
        seen = self._once()
        told = lasting(Truth(), seen)
        for _ in range(MOST_LOOKS - 1):
            if not told.settling:
                break
            self.wait(SETTLING)
            before, seen = seen, self._once()
            told = lasting(before, seen)
        return told

    def _once(self) -> Truth:
        seen = self.look("database", "exchange", "metrics", "engine")
        return truth_of(seen.snapshot, doubt_of_books(seen), self.not_exported)


def positions(truth: Truth) -> Found:
    """Whether all three say the same of every symbol and side."""
    expected = "database, engine and exchange hold the same, within 1 %"
    return Found(truth.agrees, expected, words_of(truth), _details(truth))


def positions_told(truth: Truth) -> Found:
    """Whether all three can be told, whatever they say; the details are the exact difference."""
    passes = True if truth.told else None
    expected = "what database, engine and exchange hold can be told"
    return Found(passes, expected, words_of(truth), _details(truth))


def not_flat(truth: Truth) -> Found:
    """Whether no market is flat at the exchange alone, or in the books alone."""
    expected = "no market is flat at the exchange and not in the database, or the reverse"
    alone = [
        f"{market} is flat {'at the exchange' if said.exchange else 'in the database'} alone"
        for market, said in truth.flat.items()
        if said.exchange != said.books
    ]
    if alone:
        return Found(False, expected, "; ".join(alone), _details(truth))
    doubts = {name: why for name, why in truth.doubts.items() if name != "engine"}
    if doubts or not truth.flat:
        return Found(None, expected, _doubts(doubts) or "no market can be told", _details(truth))
    both = [market for market, said in truth.flat.items() if said.books]
    return Found(True, expected, f"flat on both sides: {', '.join(both)}" if both else "neither side is flat")


def words_of(truth: Truth) -> str:
    """The verdict on one line."""
    different, rows = truth.differences, len(truth.rows)
    if different:
        return f"{len(different)} of {rows} differ: {different[0]}"
    if not truth.told:
        unknown = sum(row.finding is Finding.UNKNOWN for row in truth.rows)
        told = f"{unknown} of {rows} can't be compared" if unknown else ""
        return "; ".join(part for part in (_doubts(truth.doubts), told) if part)
    return f"{rows} agree" if rows else "nothing is open, by all of them"


def doubt_of_books(seen: Assessment) -> str:
    """Why the books aren't the present; that nothing is written any more is no doubt of an ended engine's."""
    files, database = seen.snapshot.engine.fresh(seen.at), seen.snapshot.database
    ended = files is not None and files.alive is False
    if ended and database.usable(seen.at):
        return seen.wrong_server
    return seen.books_doubt


def _details(truth: Truth) -> tuple[str, ...]:
    return kept(
        [
            *(str(row) for row in truth.differences),
            *(f"{name} can't be told: {why}" for name, why in truth.doubts.items()),
            *(str(row) for row in truth.rows if row.finding is Finding.UNKNOWN),
            *truth.notes,
        ]
    )


def _doubts(doubts: Mapping[str, str]) -> str:
    return "; ".join(f"{name} can't be told: {why}" for name, why in doubts.items())
