"""How far a backup, a rehearsal or a restore is: what is done of how much, how fast, and what is left."""

from collections import deque
from dataclasses import dataclass, field

from console.domain.amounts import span

_WINDOW = 10.0
"""Seconds over which a rate is taken."""
_SURE = 1.0
"""Seconds after which a rate says something."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One look: `done` of `total` (None where that isn't known), in `unit`, `rows` or `bytes`."""

    doing: str
    done: int
    total: int | None = None
    unit: str = "rows"


@dataclass(slots=True)
class Pace:
    """How fast one thing goes on; what is done next begins anew."""

    _doing: str = ""
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def words(self, now: float, progress: Progress) -> str:
        """The look of `now` (seconds of any clock that never goes back) on a line of some 70 cells."""
        if progress.doing != self._doing:
            self._doing = progress.doing
            self._seen.clear()
        self._see(now, progress.done)
        rate = self._rate()
        total = progress.total if progress.total is not None and progress.total >= progress.done else None
        parts = [f"{progress.doing}  {_amount(progress.done, total, progress.unit)}"]
        if rate is not None:
            parts.append(f"{_one(round(rate), progress.unit)}/s")
            if rate > 0 and total is not None:
                parts.append(f"{span((total - progress.done) / rate)} left")
        return "  ".join(parts)

    def _see(self, now: float, done: int) -> None:
        if not self._seen or now - self._seen[-1][0] >= _WINDOW / 50:
            self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW:
            self._seen.popleft()

    def _rate(self) -> float | None:
        """What is done in a second; None before anybody can tell."""
        (begin, first), (end, last) = self._seen[0], self._seen[-1]
        return None if end - begin < _SURE else (last - first) / (end - begin)


def size_text(size: int) -> str:
    """Bytes as people write them."""
    for power, unit in enumerate(("B", "kB", "MB")):
        if size < 1000 ** (power + 1):
            return f"{size / 1000**power:.3g} {unit}"
    return f"{size / 1000**3:.3g} GB"


def _amount(done: int, total: int | None, unit: str) -> str:
    if total is None:
        return _one(done, unit)
    share = f"{100 * done // total if total else 100} %"
    if unit == "rows":
        return f"{share}  {done:,} of {total:,} rows"
    return f"{share}  {size_text(done)} of {size_text(total)}"


def _one(amount: int, unit: str) -> str:
    return size_text(amount) if unit == "bytes" else f"{amount:,} rows"
