"""Metrics as the console wants them: raw samples, and what the panels and key metrics ask of them.

A Prometheus server answers the questions itself; for an engine's own endpoint they are evaluated here, over
the samples that were collected.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from console.domain.clock import Clock
from console.domain.metrics import Answer, Metrics
from console.domain.reading import Dated
from console.promql.evaluate import EvaluationError, evaluate
from console.promql.query import Query
from console.promql.samples import SampleStore
from console.sources.scrape import Scraped

SECOND_LOOK = 0.25
"""Seconds between the two scrapes of a first reading that has no past: a rate needs two samples."""


class Scraper(Protocol):
    def read(self) -> Scraped: ...


class ServedMetrics:
    """Metrics of a Prometheus server, which evaluates and remembers."""

    def __init__(self, source: Scraper) -> None:
        self._source = source

    def read(self) -> Dated[Metrics]:
        scraped = self._source.read()
        return Dated(Metrics(scraped.samples, scraped.answers, notes=scraped.notes), scraped.data_at)


class ScrapedMetrics:
    """An engine's own endpoint: scraped, remembered and evaluated here.

    With `twice`, a first reading without a past scrapes twice, so that a command which looks only once has
    a rate to show; how little of the range that covers is said beside it.
    """

    def __init__(
        self,
        source: Scraper,
        queries: Mapping[str, Query],
        store: SampleStore,
        clock: Clock,
        *,
        twice: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._queries = queries
        self._store = store
        self._clock = clock
        self._twice = twice
        self._pause = pause

    def read(self) -> Dated[Metrics]:
        first = self._twice and self._store.covered(self._clock.now()) == 0
        scraped = self._scrape()
        if first:
            self._pause(SECOND_LOOK)
            scraped = self._scrape()
        at = self._clock.now()
        answers = {text: self._answer(query, at) for text, query in self._queries.items()}
        covered = self._store.covered(at)
        return Dated(Metrics(scraped.samples, answers, covered, scraped.notes), scraped.data_at)

    def _scrape(self) -> Scraped:
        scraped = self._source.read()
        self._store.append(self._clock.now(), scraped.samples)
        return scraped

    def _answer(self, query: Query, at: float) -> Answer:
        try:
            return Answer(evaluate(query, self._store, at))
        except EvaluationError as error:
            return Answer({}, str(error))
