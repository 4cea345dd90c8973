"""A paper engine in this process and a console's rules over it, on one clock that a test moves."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from console.domain.alert_book import Raised
from console.domain.alert_state import Phase
from console.domain.metrics import Series
from console.domain.reading import Dated
from console.domain.triggers import Judgement, Life, judged
from console.paper.layout import StateFolder
from console.paper.service import PaperOptions, prepare
from console.promql.rule_file import AlertRule, Intervals, RuleFile
from console.promql.ruler import Ruler
from console.promql.samples import SampleStore
from console.promql.trigger_watch import TriggerWatch
from console.sources.database import DatabaseSource
from console.sources.errors import NoConnectionError, SourceError
from console.sources.exposition import Exposition, Samples
from console.sources.own_metrics import OwnMetrics
from console.sources.source import Source

T = TypeVar("T")

TURNS = 5
"""Turns of the engine's desk in a second."""
LOOKED_EVERY = 5
"""Seconds between two looks at the database and the exchange; metrics are scraped each second."""
HEARTBEAT = "futures_heartbeat_timestamp_seconds"


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0

    def now(self) -> float:
        return self._now

    wall = now

    def move(self, seconds: float) -> None:
        self._now = round(self._now + seconds, 3)


class EngineCrashedError(Exception):
    """What a test has the engine raise in place of ending the process."""


class PaperWorld:
    """The engine works as its threads would, but turn by turn; the database is real, the network is none."""

    def __init__(self, folder: Path, rules: RuleFile) -> None:
        self.clock = MovedClock()
        state = StateFolder(folder)
        state.create()
        url = f"sqlite:///{state.database}"
        self._engine = prepare(PaperOptions(folder, symbols=3), state, url, self.clock.now)
        self._alive = True
        self._exposition = Exposition()
        self._books = DatabaseSource(url, clock=self.clock, timeout=5)
        self._own = OwnMetrics(self.clock, stale_after=15, quiet_after=15)
        self._metrics = self._own.watching("metrics", _Asked(self._scraped), timeout=2)
        self._database = self._own.watching("database", self._books, timeout=5)
        self._exchange = self._own.watching("exchange", _Asked(self._pinged), timeout=5)
        self._store = SampleStore()
        self._triggers = TriggerWatch(self._store)
        self._store.keep(
            [
                *self._triggers.queries,
                *(
                    query
                    for _, rule in rules.rules
                    if isinstance(rule, AlertRule)
                    for query in (rule.query, *rule.watched)
                ),
            ]
        )
        self._beat = self.clock.now()
        self._ruler = Ruler([rules], self._store, Intervals(scrape=1, evaluation=15))

    def close(self) -> None:
        self._books.close()
        self._engine.desk.dealer.database.dispose()

    def switch_to(self, scenario: str) -> None:
        self._engine.director.switch_to(scenario)

    def run(self, seconds: int) -> None:
        """Let the engine live and the console look, second by second."""
        for _ in range(seconds):
            if self._alive:
                try:
                    self._live()
                except EngineCrashedError:
                    self._alive = False
            self.clock.move(1)
            self._look()

    def firing(self) -> dict[tuple[str, str], Raised]:
        """What fires, by the rule's name and the symbol or source that it is about."""
        rules = [standing.rule for standing in self._ruler.standings()]
        firing = [one for one in self._ruler.raised() if one.phase is Phase.FIRING]
        return {(rules[one.rule].name, _subject(one)): one for one in firing}

    def triggers(self) -> tuple[Judgement, ...]:
        """The rollback triggers as they are judged now; to have a past they are looked at again and again."""
        now = self.clock.now()
        life = Life(now - self._beat, gone=not self._alive)
        return judged(replace(self._triggers.evidence(now), life=life))

    def _live(self) -> None:
        engine = self._engine
        for _ in range(TURNS):
            if not engine.around.faults.database_stalled.is_set():  # else the desk's thread waits
                engine.desk.turn()
        engine.loop.turn()
        engine.loop.step()

    def _look(self) -> None:
        now = self.clock.now()
        scraped = _told_by(self._metrics)
        if round(now) % LOOKED_EVERY == 0:
            _told_by(self._database)
            _told_by(self._exchange)
        if scraped is None:
            self._store.fail(now)
        else:
            self._store.append(now, scraped)
            self._beat = scraped[HEARTBEAT][Series(HEARTBEAT, ())]
        self._store.measure(now, self._own.samples(now))
        self._ruler.evaluate(now)

    def _scraped(self) -> Samples:
        if not self._alive:
            raise NoConnectionError("connection refused")
        return self._exposition.parse(self._engine.loop.body).samples

    def _pinged(self) -> None:
        if not self._alive:
            raise NoConnectionError("connection refused")
        if self._engine.around.exchange_api.down:
            raise SourceError("HTTP 503")


@dataclass(frozen=True)
class _Asked(Generic[T]):
    """A source that answers what it is told."""

    ask: Callable[[], T]

    def read(self) -> Dated[T]:
        return Dated(self.ask())


def _told_by(source: Source[T]) -> T | None:
    try:
        return source.read().value
    except SourceError:
        return None


def _subject(raised: Raised) -> str:
    labels = dict(raised.labels)
    return labels.get("symbol") or labels.get("source") or ""
