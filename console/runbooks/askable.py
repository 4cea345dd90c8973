"""The checks that a runbook may ask, by name: of what the console watches, and of the engine's books."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from console.domain.access import believed
from console.domain.clock import Clock
from console.domain.figures import seconds
from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import LastTrip
from console.domain.ledger import LedgerReport
from console.domain.reading import Health
from console.domain.status import EngineStatus, SourceStatus
from console.runbooks.begun import Began
from console.runbooks.checks import accounts, alarms, exchange, positions, processes
from console.runbooks.checks.contract import tables_and_columns
from console.runbooks.checks.prices import MarketData, market_data, prices
from console.runbooks.lookout import Look
from console.runbooks.model import Ask, Found
from console.sources.books import columns_of
from console.sources.errors import SourceError

HEARTBEAT = 60.0
"""Seconds after which a heartbeat says nothing of an engine any more."""
MOST_DETAILS = 20
"""Rows that are kept as evidence; how many there are in all is said."""

ARGUMENTS: Mapping[str, Mapping[str, Collection[str]]] = {
    "kill_switch": {"is": ("clear", "tripped")},
    "halted": {},
    "engine": {"is": ("running", "stopped")},
    "sources": {},
    "ledger": {},
    "positions": {},
    "positions_told": {},
    "not_flat": {},
    "resting_orders": {},
    "balances": {},
    "exchange": {},
    "prices": {},
    "process": {"is": ("running", "stopped")},
    "heartbeat": {},
    "metrics": {},
    "alerts": {},
    "critical_alerts": {},
    "no_new_alert": {"since": ()},
    "no_new_alert_after": {"run": (), "step": ()},
    "no_alert_since": {"since": ()},
    "sync_errors": {},
    "schema": {},
}
"""The checks, with the values that their arguments may have (none: any)."""
OF_TRIPS = ("metrics", "engine", "flags", "database", "last_trip")
"""The sources that tell of the kill switch."""
_OF_ENGINE = ("metrics", "database", "exchange", "flags", "engine", "log")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What checks ask: `look` looks at the context anew, `ledger` and `database` at its books.

    These raise SourceError where they can't. `begun` says when a run's step was begun last, as far as that is
    known. `not_exported` are metrics that the engine is known not to have. `ended` says whether every process
    of the engine has ended, by all that the context knows them by; None where nobody can tell. `let_go` ends
    what is watched for `look`, until somebody looks again.
    """

    look: Look
    ledger: Callable[[], LedgerReport]
    database: Callable[[], AbstractContextManager[Connection]]
    begun: Callable[[str, str], Began | None]
    clock: Clock
    wait: Callable[[float], None]
    not_exported: Set[str] = frozenset()
    ended: Callable[[], bool | None] = lambda: None
    let_go: Callable[[], None] = lambda: None

    def pending(self) -> Mapping[str, int]:
        """How many orders the books call PENDING, by market."""
        with self.database() as connection:
            return exchange.pending_orders(connection)

    def market_data(self) -> MarketData:
        """The ages of prices, candles and marks."""
        with self.database() as connection:
            return market_data(connection, self.clock.wall())

    def columns(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table that there is."""
        with self.database() as connection:
            return columns_of(connection)


def checks_of(asked: Surroundings) -> Mapping[str, Ask]:
    """The checks by name."""
    look, wait = asked.look, asked.wait
    truths = positions.Truths(look, asked.not_exported, wait)
    return {
        "kill_switch": lambda told: _kill_switch_of(look, told["is"]),
        "halted": lambda _told: _halted_of(look, asked.ended),
        "engine": lambda told: engine(look("metrics", "engine").engine, told["is"]),
        "sources": lambda _told: _sources_of(look),
        "ledger": lambda _told: ledger(asked.ledger),
        "positions": lambda _told: positions.positions(truths.now()),
        "positions_told": lambda _told: positions.positions_told(truths.now()),
        "not_flat": lambda _told: positions.not_flat(truths.now()),
        "resting_orders": lambda _told: exchange.resting_orders(look, asked.pending, wait),
        "balances": lambda _told: accounts.balances(look),
        "exchange": lambda _told: exchange.exchange(look),
        "prices": lambda _told: prices(asked.market_data),
        "process": lambda told: processes.process(look("engine").engine, told["is"]),
        "heartbeat": lambda _told: processes.heartbeat(look("metrics").engine),
        "metrics": lambda _told: processes.metrics(look, wait),
        "alerts": lambda _told: alarms.alerts(look()),
        "critical_alerts": lambda _told: alarms.critical_alerts(look()),
        "no_new_alert": lambda told: alarms.no_new_alert(
            look("metrics", "alerts", "last_trip"), told["since"]
        ),
        "no_new_alert_after": lambda told: alarms.no_new_alert_after(
            look("metrics", "alerts", "last_trip"), asked.begun(told["run"], told["step"]), told["step"]
        ),
        "no_alert_since": lambda told: alarms.no_alert_since(look("metrics", "alerts"), told["since"]),
        "sync_errors": lambda _told: processes.sync_errors(look, wait),
        "schema": lambda _told: tables_and_columns(asked.columns),
    }


def kill_switch(now: Verdict, wanted: str, trip: LastTrip | None = None) -> Found:
    """Whether the kill switch is proven to be as `wanted`; what tripped it last is told with it."""
    state = now.state
    passes = None if state is KillState.UNKNOWN else state.value == wanted
    details = () if trip is None else (_told_trip(trip),)
    return Found(passes, f"the kill switch is {wanted}", f"{now.title}: {now.words}", details)


def halted(now: Verdict, alive: bool | None) -> Found:
    """Whether nothing trades: the kill switch is tripped, or it is set and the engine's process has ended."""
    ended = now.state is KillState.UNCONFIRMED and alive is False
    passes = None if now.state is KillState.UNKNOWN else now.state is KillState.TRIPPED or ended
    expected = "the kill switch is tripped, or it is set and no engine runs"
    return Found(passes, expected, f"{now.title}: {now.words}")


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


def _sources_of(look: Look) -> Found:
    live = look(*_OF_ENGINE)
    return sources(live.sources, live.wrong_server)


def _kill_switch_of(look: Look, wanted: str) -> Found:
    live = look(*OF_TRIPS)
    return kill_switch(live.kill, wanted, live.last_trip)


def _halted_of(look: Look, ended: Callable[[], bool | None]) -> Found:
    """Where the engine has no file of its own, its pid files or unit tell whether it has ended."""
    live = look(*OF_TRIPS)
    alive = live.engine.alive
    if alive is None and live.kill.state is KillState.UNCONFIRMED:
        alive = ended() is not True  # nobody can tell: it may run
    return halted(live.kill, alive)


def _told_trip(trip: LastTrip) -> str:
    at = datetime.fromtimestamp(trip.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    ended = "" if trip.stands else ", reset since"
    return f"tripped {at} by {trip.by}: {trip.reason} ({trip.scope}){ended}"


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
