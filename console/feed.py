"""Metrics as the console wants them: raw samples, and what the panels and key metrics ask of them.

A Prometheus server answers the questions itself; for an engine's own endpoint they are evaluated here, over
the samples that were collected.
"""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import orjson

from console.domain.clock import Clock
from console.domain.metrics import Answer, Column, Metrics
from console.domain.reading import Dated
from console.own_folder import keep_whole
from console.promql.evaluate import EvaluationError, evaluate
from console.promql.query import Query
from console.promql.samples import LOOKBACK, Past, SampleStore, as_json
from console.promql.sampling import Sampling
from console.sources.discovered import cancel_if_possible
from console.sources.errors import SourceError
from console.sources.scrape import Scraped
from console.sources.source import Source

log = logging.getLogger(__name__)

KEPT_FOR = 3900.0
"""Seconds that samples are kept for: the panels' longest range, and a little."""
KEEP_EVERY = 10.0
"""Seconds between two times that samples are written to disk, at least."""
KEPT_PER_SECOND = 16_000
"""Bytes that this may write in a second on average: with thousands of symbols it is done less often."""
SECOND_LOOK = 0.25
"""Seconds between the two scrapes of a first reading that has no past: a rate needs two samples."""


_DAMAGED = (ValueError, TypeError, KeyError, AttributeError)
"""What a file that isn't as we wrote it can raise on the way."""


class Scraper(Protocol):
    def read(self) -> Scraped: ...


class Kept:
    """A store's past in a file, so that the next look knows what this one saw.

    Without it, a command that looks once could never tell a counter's rate, and would disagree with a screen
    that has watched for an hour. The file is a convenience: one that can't be read or written is logged.
    """

    def __init__(self, store: SampleStore, file: Path) -> None:
        self._store = store
        self._file = file
        self._save_from = float("-inf")

    def recall(self, now: float) -> None:
        """Take up what was kept, unless it claims to come from after `now`: the clock was set back then.

        A store that already has samples knows better than the file.
        """
        if self._store.window(now, KEPT_FOR) is not None:
            return
        try:
            past: Past = orjson.loads(self._file.read_bytes())
            if past["times"] and past["times"][-1] < now * 1000:
                self._store.continue_from(past)
        except FileNotFoundError:
            return
        except (OSError, ArithmeticError, *_DAMAGED) as error:
            log.warning("%s: the samples kept there can't be used: %s", self._file, error)

    def save(self, now: float) -> None:
        """Keep the past, unless that was done only just now."""
        if now < self._save_from:
            return
        past = as_json(self._store.past())
        self._save_from = now + max(KEEP_EVERY, len(past) / KEPT_PER_SECOND)
        try:
            keep_whole(self._file, past)
        except OSError as error:
            log.warning("%s: samples can't be kept: %s", self._file, error.strerror or error)


class ServedMetrics:
    """Metrics of a Prometheus server, which evaluates and remembers."""

    def __init__(self, source: Scraper) -> None:
        self._source = source

    def read(self) -> Dated[Metrics]:
        scraped = self._source.read()
        return Dated(Metrics(scraped.samples, scraped.answers, notes=scraped.notes), scraped.data_at)


class ScrapedMetrics:
    """An engine's own endpoint: scraped, remembered and evaluated here.

    With `twice`, a reading without a recent past scrapes twice, so that a command which looks only once has
    a rate to show; how little of the range that covers is said beside it. Such a command keeps what it saw at
    once; a screen's first answer is wanted soon, and its samples are kept from the next on.
    """

    def __init__(
        self,
        source: Scraper,
        queries: Mapping[str, Query],
        sampling: Sampling,
        clock: Clock,
        *,
        kept: Kept | None = None,
        twice: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._queries = queries
        self._sampling = sampling
        self._store = sampling.store
        self._clock = clock
        self._kept = kept
        self._twice = twice
        if kept is not None:
            kept.recall(clock.now())
        self._pause = pause
        self._answers: dict[str, Answer] = {}
        self._has_read = False

    def read(self) -> Dated[Metrics]:
        first = self._twice and self._store.window(self._clock.now(), LOOKBACK) is None
        scraped, took = self._scrape()
        if first:
            self._pause(SECOND_LOOK)
            scraped, took = self._scrape()
        at = self._clock.now()
        self._answers = {text: self._answer(text, query, at) for text, query in self._queries.items()}
        covered = self._store.covered(at)
        if self._kept is not None and (self._twice or self._has_read):
            self._kept.save(at)
        self._has_read = True
        metrics = Metrics(scraped.samples, self._answers, covered, scraped.notes)
        return Dated(metrics, scraped.data_at, took)

    def _scrape(self) -> tuple[Scraped, float]:
        """The scrape, and how many seconds it took."""
        began = self._clock.now()
        scraped = self._source.read()
        now = self._clock.now()
        self._store.ahead = self._clock.wall() - now
        self._store.append(now, scraped.samples)
        return scraped, now - began

    def _answer(self, text: str, query: Query, at: float) -> Answer:
        """The answer at `at`: the same object as last time where it says the same."""
        try:
            vector = evaluate(query, self._store, at)
        except EvaluationError as error:
            return Answer({}, str(error))
        before = self._answers.get(text)
        if before is not None and isinstance(before.vector, Column) and isinstance(vector, Column):
            return before if vector.says_the_same(before.vector) else Answer(vector)
        return Answer(vector)


class AttendedMetrics:
    """Metrics of an engine's own endpoint, where a scrape that fails is known to have failed.

    Then every series has ended, as in Prometheus.
    """

    def __init__(self, source: Source[Metrics], sampling: Sampling, clock: Clock) -> None:
        self._source = source
        self._sampling = sampling
        self._clock = clock

    def read(self) -> Dated[Metrics]:
        try:
            return self._source.read()
        except SourceError:
            self._sampling.store.fail(self._clock.now())
            raise
        finally:
            self._sampling.begun.set()

    def cancel(self) -> None:
        cancel_if_possible(self._source)
