"""The alert rules, evaluated here over an engine's scrapes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from console.alert_feed.memory import AlertMemory
from console.domain.alert_book import AlertBook
from console.domain.clock import Clock
from console.domain.reading import Dated
from console.domain.silences import Marks
from console.promql.lint import Intervals
from console.promql.query import Query
from console.promql.rule_file import AlertRule, RuleFile, RuleFileError
from console.promql.ruler import Ruler
from console.promql.sampling import Sampling
from console.promql.trigger_watch import TriggerWatch
from console.sources.errors import SourceError

EVIDENCE_EVERY = 5.0
"""Seconds between two looks at what the rollback triggers are judged by."""


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
        self._looked = float("-inf")

    def read(self) -> Dated[AlertBook]:
        """The rules' alerts now. SourceError for a rule file with mistakes, or while nothing was scraped."""
        ruler = self._ruler or self._begin()
        if not self._sampling.begun.wait(self._patience):
            raise SourceError("nothing has been scraped yet")
        now = self._clock.now()
        self._sampling.store.measure(now, self._sampling.own(now))
        ahead = self._clock.wall() - now
        marks, notes = self._marks_told()
        ruler.acknowledge_losses(marks, ahead)
        evaluated = ruler.evaluate(now)
        if evaluated:
            self._memory.keep(ruler, now, now + ahead)
        return Dated(self._told(ruler, now, ahead, marks, notes, evaluated=evaluated), now)

    def _begin(self) -> Ruler:
        """Read the rules, keep what they look back on, and go on where the last console ended."""
        try:
            files = self._load()
        except RuleFileError as error:
            more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            raise SourceError(f"{error.problems[0]}{more}") from None
        self._sampling.store.keep([*self._queries, *_queries_of(files), *self._triggers.queries])
        ruler = Ruler(files, self._sampling.store, self._intervals)
        self._memory.recall(ruler, self._clock.now(), self._clock.wall())
        self._ruler = ruler
        return ruler

    def _marks_told(self) -> tuple[Marks, tuple[str, ...]]:
        """What people said; what they said before where that can't be read now, with why."""
        try:
            return self._marks(), ()
        except ValueError as error:
            return Marks() if self._book is None else self._book.marks, (str(error),)

    def _told(
        self, ruler: Ruler, now: float, ahead: float, marks: Marks, notes: tuple[str, ...], *, evaluated: bool
    ) -> AlertBook:
        """The book; the same object as last time where nothing was evaluated and nobody said anything."""
        before = self._book
        evidence = None if before is None else before.evidence
        if now >= self._looked + EVIDENCE_EVERY or evidence is None:
            self._looked, evidence = now, self._triggers.evidence(now)
        if before is not None and not evaluated:
            told = replace(before, marks=marks, notes=notes, evidence=evidence, untold=self._untold())
        else:
            told = AlertBook(
                ruler.standings(),
                ruler.raised(),
                marks,
                evidence,
                notes,
                wall_ahead=ahead,
                untold=self._untold(),
            )
        self._book = before if told == before else told
        return self._book or told


def _queries_of(files: Iterable[RuleFile]) -> Iterable[Query]:
    for file in files:
        for _, rule in file.rules:
            yield rule.query
            if isinstance(rule, AlertRule):
                yield from rule.watched
