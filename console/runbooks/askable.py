"""The checks that a runbook may ask, by name: of what the console watches anyway, and of the books."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping

from console.domain.access import believed
from console.domain.assessment import Assessment
from console.domain.figures import seconds
from console.domain.kill_state import KillState, Verdict
from console.domain.ledger import LedgerReport
from console.domain.reading import Health
from console.domain.status import EngineStatus, SourceStatus
from console.runbooks.model import Ask, Found
from console.sources.errors import SourceError

HEARTBEAT = 60.0
"""Seconds after which a heartbeat says nothing of an engine any more."""
MOST_DETAILS = 20
"""Rows that are kept as evidence; how many there are in all is said."""

ARGUMENTS: Mapping[str, Mapping[str, Collection[str]]] = {
    "kill_switch": {"is": ("clear", "tripped")},
    "engine": {"is": ("running", "stopped")},
    "sources": {},
    "ledger": {},
}
"""The checks, with the values that their arguments may have."""


def checks_of(live: Callable[[], Assessment], books: Callable[[], LedgerReport]) -> Mapping[str, Ask]:
    """The checks by name; `live` looks at the context anew, `books` at its ledger (or raises SourceError)."""
    return {
        "kill_switch": lambda told: kill_switch(live().kill, told["is"]),
        "engine": lambda told: engine(live().engine, told["is"]),
        "sources": lambda _told: _sources_of(live()),
        "ledger": lambda _told: ledger(books),
    }


def kill_switch(now: Verdict, wanted: str) -> Found:
    """Whether the kill switch is proven to be as `wanted`."""
    state = now.state
    passes = None if state is KillState.UNKNOWN else state.value == wanted
    return Found(passes, f"the kill switch is {wanted}", f"{now.title}: {now.words}")


def engine(now: EngineStatus, wanted: str) -> Found:
    """Whether the engine lives, by its heartbeat and its process; `stopped` takes the end of its process."""
    process = {None: "no process is known", True: "its process runs", False: "its process has ended"}[
        now.alive
    ]
    beat = now.heartbeat_age
    if beat is None or not math.isfinite(beat):
        beats, heartbeat = None, "no heartbeat is known"
    else:
        beats, heartbeat = 0 <= beat < HEARTBEAT, f"a heartbeat {seconds(beat)} old"
    passes = _runs(now.alive, beats) if wanted == "running" else _stopped(now.alive, beats)
    return Found(passes, f"the engine is {wanted}", f"{process}, {heartbeat}")


def _runs(alive: bool | None, beats: bool | None) -> bool | None:
    return False if alive is False else beats


def _stopped(alive: bool | None, beats: bool | None) -> bool | None:
    if alive or beats:
        return False
    return None if alive is None else True


def sources(watched: Collection[SourceStatus], wrong_server: str) -> Found:
    """Whether everything that the context has can be believed, and the right database server answers."""
    asked = [each for each in watched if each.health is not Health.OFF]
    good = believed(asked)
    bad = [f"{each.name} {each.health.value}" for each in asked if each.name not in good]
    if wrong_server:
        bad.append(wrong_server)
    observed = ", ".join(bad) if bad else f"{len(good)} of {len(asked)} are"
    passes = None if bad or not asked else True
    return Found(passes, "every source is fresh", observed)


def _sources_of(live: Assessment) -> Found:
    return sources(live.sources, live.wrong_server)


def ledger(books: Callable[[], LedgerReport]) -> Found:
    """Whether every invariant of the books holds; the rows that break one are the details."""
    expected = "every invariant of the books holds"
    try:
        report = books()
    except SourceError as error:
        return Found(None, expected, f"the books can't be checked: {error}")
    return Found(report.passes, expected, report.words, tuple(_differences(report))[:MOST_DETAILS])


def _differences(report: LedgerReport) -> Iterator[str]:
    for result in report.results:
        if result.unknown:
            yield f"{result.invariant.name}: can't be told: {result.unknown}"
        for each in result.differences:
            found = f"expected {each.expected or 'none'}, found {each.observed or 'none'}"
            yield f"{result.invariant.name}, {each.row}: {found}"[:300]
