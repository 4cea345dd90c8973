"""The alert rules, evaluated here over an engine's scrapes."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from console.alert_feed.memory import AlertMemory
from console.domain.alert_book import AlertBook
from console.domain.clock import Clock
from console.domain.reading import Dated
from console.domain.silences import Marks
from console.domain.triggers import Evidence
from console.promql.compared import metrics_of
from console.promql.known import KNOWN
from console.promql.query import Query
from console.promql.rule_file import AlertRule, Intervals, RuleFile, RuleFileError
from console.promql.ruler import Ruler
from console.promql.sampling import Sampling
from console.promql.trigger_watch import TriggerWatch
from console.sources.errors import SourceError

EVIDENCE_EVERY = 5.0
"""Seconds between two looks at what the rollback triggers are judged by."""
STANDSTILL = 60.0
"""Seconds without a reading after which the console, or its machine, must have been asleep."""


class RuledAlerts:
    """Evaluates what is due at each reading. The rules are read at the first one, and until they are valid.

    `marks` are what people said of alerts, ValueError where that can't be read; `untold` is why people can't
    be told of them. With `memory`, what an earlier console knew of the rules goes on.
    """

    def __init__(
        self,
        load: Callable[[], Sequence[RuleFile]],
        sampling: Sampling,
        clock: Clock,
        intervals: Intervals,
        *,
        queries: Iterable[Query],
        marks: Callable[[], Marks],
        untold: Callable[[], str] = str,
        memory: AlertMemory,
        patience: float,
    ) -> None:
        """`queries` are what others ask of the store; `patience` is for its first scrape, in seconds."""
        self._load = load
        self._sampling = sampling
        self._clock = clock
        self._intervals = intervals
        self._queries = tuple(queries)
        self._marks = marks
        self._untold = untold
        self._memory = memory
        self._patience = patience
        self._triggers = TriggerWatch(sampling.store)
        self._ruler: Ruler | None = None
        self._book: AlertBook | None = None
        self._looked: tuple[float, Evidence] | None = None
        self._read_at = math.inf
        self._resumes_at = -math.inf

    def read(self) -> Dated[AlertBook]:
        """The rules' alerts now. SourceError for a rule file with mistakes, or while nothing was scraped."""
        ruler = self._ruler or self._begin()
        if not self._sampling.begun.wait(self._patience):
            raise SourceError("nothing has been scraped yet")
        marks, notes = self._marks_told()
        untold = self._untold()
        with self._sampling.store.lock:  # by a scrape that comes in between, `now` would be in the past
            now = self._clock.now()
            ahead = self._clock.wall() - now
            self._go_on_after_standstill(ruler, now)
            self._sampling.store.measure(now, self._sampling.own(now))
            ruler.acknowledge_losses(marks, ahead)
            evaluated = ruler.evaluate(now)
            evidence = self._evidence(now)
        if evaluated:
            self._memory.keep(ruler, now, now + ahead)
        if evaluated or self._book is None:
            rules, raised = ruler.standings(), ruler.raised()
            book = AlertBook(rules, raised, marks, evidence, notes, wall_ahead=ahead, untold=untold)
        else:
            book = replace(self._book, marks=marks, evidence=evidence, notes=notes, untold=untold)
        self._book = self._book if book == self._book else book
        return Dated(self._book or book, now)

    def _begin(self) -> Ruler:
        """Read the rules, keep what they look back on, and go on where the last console ended."""
        try:
            files = self._load()
        except RuleFileError as error:
            more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            raise SourceError(f"{error.problems[0]}{more}") from None
        self._sampling.store.keep([*self._queries, *_queries_of(files), *self._triggers.queries])
        ruler = Ruler(files, self._sampling.store, self._intervals)
        KNOWN.keep()
        self._memory.recall(ruler, self._clock.now(), self._clock.wall())
        self._ruler = ruler
        return ruler

    def _marks_told(self) -> tuple[Marks, tuple[str, ...]]:
        """What people said; what they said before where that can't be read now, with why."""
        try:
            return self._marks(), ()
        except ValueError as error:
            return Marks() if self._book is None else self._book.marks, (str(error),)

    def _go_on_after_standstill(self, ruler: Ruler, now: float) -> None:
        """Where nothing was read for long, go on as after a restart, once there was time for a scrape.

        SourceError until then: by samples from before, everything would have vanished.
        """
        if now - self._read_at > STANDSTILL:
            ruler.resume(now)
            self._resumes_at = now + self._patience
        self._read_at = now
        if now < self._resumes_at:
            raise SourceError("the console or its machine stood still; its next scrape is waited for")

    def _evidence(self, now: float) -> Evidence:
        """What the triggers are judged by, as of the last look at it."""
        if self._looked is None or now >= self._looked[0] + EVIDENCE_EVERY:
            self._looked = now, self._triggers.evidence(now)
        return self._looked[1]


def _queries_of(files: Iterable[RuleFile]) -> Iterable[Query]:
    for file in files:
        for group, rule in file.rules:
            watched = rule.watched if isinstance(rule, AlertRule) else ()
            for query in (rule.query, *watched):
                yield _asked_earlier(query, group.query_offset)


def _asked_earlier(query: Query, seconds: float) -> Query:
    """The query as one that is asked so much earlier: then it looks back on every metric."""
    if not seconds:
        return query
    ranged = query.ranged.union(metrics_of(query.text))
    return query._replace(ranged=ranged, window=query.window + seconds)
