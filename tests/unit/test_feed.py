"""Metrics that are remembered and evaluated, over scrapes that the tests write down."""

from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.metrics import Column, Lineup, Series
from console.feed import KEEP_EVERY, KEPT_PER_SECOND, Kept, ScrapedMetrics
from console.promql.evaluate import evaluate
from console.promql.query import parse_query
from console.promql.samples import SampleStore
from console.promql.sampling import Sampling
from console.sources.scrape import Scraped
from tests.tui.fake import HandClock

RATE = "rate(futures_sync_errors_total[5m])"
ERRORS = Series("futures_sync_errors_total", (("symbol", "BTCUSDT"),))


class Counter:
    """A scraper whose counter has the next of `values` at each scrape."""

    def __init__(self, *values: float) -> None:
        self.values: Iterator[float] = iter(values)
        self.scrapes = 0

    def read(self) -> Scraped:
        self.scrapes += 1
        return Scraped({ERRORS.name: {ERRORS: next(self.values)}})


class Feed:
    """A feed on a clock that the test turns; each is a process of its own that shares the file."""

    def __init__(self, counter: Counter, clock: HandClock, file: Path, *, twice: bool = False) -> None:
        store = SampleStore([ERRORS.name])
        self.feed = ScrapedMetrics(
            counter,
            {RATE: parse_query(RATE)},
            Sampling(store),
            clock,
            kept=Kept(store, file),
            twice=twice,
            pause=lambda seconds: setattr(clock, "at", clock.at + seconds),
        )

    def rate(self) -> float | None:
        vector = self.feed.read().value.answers[RATE].vector
        return next(iter(vector.values()), None)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "samples" / "paper.json"


def test_a_rate_needs_two_looks(clock: HandClock, file: Path) -> None:
    feed = Feed(Counter(0, 30), clock, file)
    assert feed.rate() is None
    clock.at += 60
    assert feed.rate() == pytest.approx(30 / 300)  # a minute's growth, over a range of five


def test_a_first_look_that_is_the_only_one_scrapes_twice(clock: HandClock, file: Path) -> None:
    counter = Counter(5, 5)
    assert (Feed(counter, clock, file, twice=True).rate(), counter.scrapes) == (0.0, 2)


def test_the_next_process_knows_what_the_last_one_saw(clock: HandClock, file: Path) -> None:
    assert Feed(Counter(0, 0), clock, file, twice=True).rate() == 0
    clock.at += 60
    counter = Counter(30)
    rate = Feed(counter, clock, file, twice=True).rate()
    assert rate is not None and rate > 0
    assert counter.scrapes == 1


def test_samples_are_written_now_and_then_only(clock: HandClock, file: Path) -> None:
    feed = Feed(Counter(0, 1, 2, 3), clock, file)
    feed.rate()
    assert not file.exists()  # the first answer is on its way to a screen
    clock.at += 1
    feed.rate()
    written = file.stat().st_mtime_ns
    clock.at += KEEP_EVERY - 1
    feed.rate()
    assert file.stat().st_mtime_ns == written
    clock.at += 1
    feed.rate()
    assert file.stat().st_mtime_ns > written


def test_samples_of_thousands_of_series_are_written_less_often(clock: HandClock, file: Path) -> None:
    many = {Series(ERRORS.name, (("symbol", f"S{number:05d}"),)): 1.0 for number in range(8000)}
    store = SampleStore([ERRORS.name])
    store.append(clock.at, {ERRORS.name: many})
    kept = Kept(store, file)
    kept.save(clock.at)
    assert file.stat().st_size > KEEP_EVERY * KEPT_PER_SECOND
    written = file.stat().st_mtime_ns
    kept.save(clock.at + KEEP_EVERY)
    assert file.stat().st_mtime_ns == written
    kept.save(clock.at + file.stat().st_size / KEPT_PER_SECOND)
    assert file.stat().st_mtime_ns > written


class Gauges:
    """A scraper that hands out columns of one lineup, one after the other."""

    def __init__(self, *numbers: float) -> None:
        lineup = Lineup([ERRORS])
        self.columns = iter([Column(lineup, array("d", [number])) for number in numbers])

    def read(self) -> Scraped:
        return Scraped({ERRORS.name: next(self.columns)})


def test_an_answer_that_says_the_same_is_the_same_object(clock: HandClock) -> None:
    queries = {text: parse_query(text) for text in (ERRORS.name, RATE)}
    feed = ScrapedMetrics(Gauges(1.0, 1.0, 1.0, 2.0), queries, Sampling(SampleStore([ERRORS.name])), clock)
    answers = []
    for _ in range(4):
        clock.at += 1
        answers.append(feed.read().value.answers)
    assert answers[2][ERRORS.name] is answers[1][ERRORS.name]
    assert answers[2][RATE] is answers[1][RATE]
    assert answers[3][ERRORS.name] is not answers[2][ERRORS.name]
    assert answers[3][RATE] is not answers[2][RATE]


def test_an_engine_that_starts_again_elsewhere_leaves_rules_the_past_that_they_look_back_on(
    clock: HandClock,
) -> None:
    store, long = SampleStore([ERRORS.name]), parse_query(f"increase({ERRORS.name}[20m])")
    store.keep([long])
    for minute in range(15):
        clock.at += 60
        feed = ScrapedMetrics(Counter(minute), {RATE: parse_query(RATE)}, Sampling(store), clock)
        feed.read()
    assert store.covered_by(long, clock.at) == 14 * 60
    assert list(evaluate(long, store, clock.at).values()) == [pytest.approx(14, rel=0.1)]


def test_a_past_from_the_future_is_not_believed(clock: HandClock, file: Path) -> None:
    Feed(Counter(0, 0), clock, file, twice=True).rate()
    assert file.exists()
    clock.at -= 600
    assert Feed(Counter(30), clock, file).rate() is None


def told(labels: str, values: str = "[1]", changes: str = "[]") -> str:
    past = f'"labels": {labels}, "values": {values}, "changes": {changes}, "begun": 0'
    return f'{{"times": [1], "offset": 0, "metrics": {{"{ERRORS.name}": {{{past}}}}}}}'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"times": [2, 1], "offset": 0, "metrics": {}}',
        '{"times": 3}',
        told('[[["symbol", 1]]]'),
        told('[[["symbol"]]]'),
        told("[7]"),
        told("[[], []]", "[1, 1]"),
        told("[[]]", '["1"]'),
        told("[[]]", changes='[[[["symbol"]], [[1], [1], [1]]]]'),
    ],
)
def test_a_damaged_file_is_logged_and_begun_anew(
    clock: HandClock, file: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.mkdir()
    file.write_text(content)
    assert Feed(Counter(0), clock, file).rate() is None
    assert "can't be used" in caplog.text


def test_a_folder_that_can_not_be_written_is_logged_and_costs_nothing_else(
    clock: HandClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "samples").write_text("a file where a folder should be")
    feed = Feed(Counter(0, 0), clock, tmp_path / "samples" / "paper.json")
    feed.rate()
    clock.at += 1
    assert feed.rate() == 0.0
    assert "samples can't be kept" in caplog.text
