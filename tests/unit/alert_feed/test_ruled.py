"""Alert rules evaluated over scrapes that the tests make up, with what people say of alerts."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from console.alert_feed.memory import KEEP_EVERY, AlertMemory
from console.alert_feed.ruled import EVIDENCE_EVERY, RuledAlerts
from console.domain.alert_book import AlertBook
from console.domain.alert_state import Phase
from console.domain.metrics import Series, Vector
from console.domain.silences import Acknowledgement, Marks
from console.domain.triggers import Standing, judged
from console.promql.rule_file import Intervals, load_rules
from console.promql.samples import SampleStore
from console.promql.sampling import Sampling
from console.sources.errors import SourceError
from tests.tui.fake import HandClock

BTC = Series("futures_margin_ratio", (("symbol", "BTC"),))
ERRORS = Series("futures_sync_errors_total", (("symbol", "BTC"),))
LOW = """\
groups:
  - name: g
    interval: 5s
    rules:
      - alert: Low
        expr: futures_margin_ratio < 1.05
        for: 10s
"""


class SettableClock(HandClock):
    """A clock whose time of day is set while it runs."""

    set_by = 0.0

    def wall(self) -> float:
        return self.at + self.set_by


class Console:
    """A console's rules on a clock that the test turns; `said` are the marks, or what is wrong with them."""

    def __init__(self, folder: Path, clock: SettableClock, rules: str = LOW) -> None:
        self.clock = clock
        self.said: Marks | ValueError = Marks()
        self.sampling = Sampling(SampleStore())
        self.file = folder / "rules.yaml"
        self.file.write_text(rules)
        self.alerts = RuledAlerts(
            lambda: [load_rules(self.file)],
            self.sampling,
            clock,
            Intervals(1, 15),
            queries=(),
            marks=self.marks,
            memory=AlertMemory(folder / "kept" / "rules.json"),
            patience=0.01,
        )

    def marks(self) -> Marks:
        if isinstance(self.said, ValueError):
            raise self.said
        return self.said

    def scrape(self, ratio: float, errors: float = 0.0) -> AlertBook:
        self.clock.at += 1
        samples = {BTC.name: {BTC: ratio}, ERRORS.name: {ERRORS: errors}}
        self.sampling.store.append(self.clock.at, samples)
        self.sampling.begun.set()
        return self.alerts.read().value

    def scrapes(self, ratio: float, seconds: int) -> AlertBook:
        return [self.scrape(ratio) for _ in range(seconds)][-1]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(1_000_000.0)


@pytest.fixture
def console(tmp_path: Path, clock: SettableClock) -> Console:
    return Console(tmp_path, clock)


def test_before_the_first_scrape_nothing_is_told(console: Console) -> None:
    with pytest.raises(SourceError, match="nothing has been scraped yet"):
        console.alerts.read()


def test_a_failed_scrape_is_enough_to_evaluate(console: Console) -> None:
    console.sampling.store.fail(console.clock.at)
    console.sampling.begun.set()
    assert console.alerts.read().value.rules[0].no_data_since == console.clock.at


def test_what_is_wrong_fires(console: Console) -> None:
    (alert,) = console.scrapes(1.01, 20).raised
    assert alert.phase is Phase.FIRING


def test_a_rule_file_with_a_mistake_is_said_with_its_place_until_it_is_mended(console: Console) -> None:
    console.file.write_text(LOW.replace("futures_margin_ratio <", "sparkle(futures_margin_ratio) <"))
    with pytest.raises(SourceError, match=r"rules\.yaml:6:15: .*sparkle"):
        console.scrape(1.01)
    console.file.write_text(LOW)
    assert len(console.scrape(1.01).rules) == 1


def test_where_nothing_is_new_the_book_is_the_same_object(console: Console) -> None:
    first = console.scrapes(2.0, 6)
    console.clock.at += 0.1
    assert console.alerts.read().value is first


def test_marks_that_cannot_be_read_stay_as_they_were_with_a_note(console: Console) -> None:
    on_it = Acknowledgement((("alertname", "Low"), ("symbol", "BTC")), "ann", "on it", 1.0, 2.0)
    console.said = Marks(acknowledgements=(on_it,))
    console.scrape(1.01)
    console.said = ValueError("marks.json: damaged")
    book = console.scrape(1.01)
    assert (book.marks.acknowledgements, book.notes) == ((on_it,), ("marks.json: damaged",))


def test_a_console_that_starts_again_goes_on_where_the_last_one_ended(
    tmp_path: Path, clock: SettableClock
) -> None:
    fired = Console(tmp_path, clock).scrapes(1.01, 30).raised[0].fired_at
    clock.at += 10
    (alert,) = Console(tmp_path, clock).scrape(1.01).raised
    assert (alert.phase, alert.fired_at) == (Phase.FIRING, fired)


def damaged(file: Path) -> None:
    file.write_bytes(b"{")


def another(file: Path) -> None:
    file.write_bytes(b'{"rules.yaml g 0 Low": 7}')


def beyond_all_numbers(file: Path) -> None:
    file.write_text(f'{{"rules.yaml g 0 Low": {{"evaluated": 1{"0" * 400}, "alerts": []}}}}')


@pytest.mark.parametrize("damage", [damaged, another, beyond_all_numbers, Path.mkdir])
def test_a_memory_that_cannot_be_read_begins_anew(
    tmp_path: Path, clock: SettableClock, damage: Callable[[Path], None]
) -> None:
    (tmp_path / "kept").mkdir()
    damage(tmp_path / "kept" / "rules.json")
    assert Console(tmp_path, clock).scrape(1.01).raised[0].phase is Phase.PENDING


def test_what_is_known_is_written_seldom(tmp_path: Path, console: Console) -> None:
    console.scrapes(1.01, 20)
    kept = tmp_path / "kept" / "rules.json"
    first = kept.stat().st_mtime_ns
    console.clock.at += KEEP_EVERY / 100
    console.alerts.read()
    assert kept.stat().st_mtime_ns == first


def test_a_scrape_that_comes_while_rules_are_evaluated_makes_none_of_them_fail(console: Console) -> None:
    console.scrapes(1.01, 10)

    def scraped_meanwhile(now: float) -> Mapping[str, Vector]:
        scrape = threading.Thread(target=store.append, args=(now + 0.001, {BTC.name: {BTC: 1.01}}))
        scrape.start()
        scrape.join(0.05)
        return {}

    store = console.sampling.store
    console.alerts._sampling = replace(console.sampling, own=scraped_meanwhile)
    console.clock.at += 5
    book = console.alerts.read().value
    assert (book.rules[0].error, book.raised[0].phase) == (None, Phase.FIRING)


def test_a_console_that_stood_still_waits_for_a_scrape_and_loses_no_alert(console: Console) -> None:
    console.scrapes(1.01, 20)
    console.clock.at += 600
    with pytest.raises(SourceError, match="stood still"):
        console.alerts.read()
    console.clock.at += 1
    (alert,) = console.scrape(1.01).raised
    assert (alert.phase, alert.lost_since) == (Phase.FIRING, None)


def test_what_was_pending_before_a_standstill_waits_for_the_rest_of_its_time(console: Console) -> None:
    console.scrapes(1.01, 3)
    console.clock.at += 600
    with pytest.raises(SourceError, match="stood still"):
        console.scrape(1.01)
    assert console.scrape(1.01).raised[0].phase is Phase.PENDING
    assert console.scrapes(1.01, 10).raised[0].phase is Phase.FIRING


def test_a_group_may_be_evaluated_for_some_time_ago(tmp_path: Path, clock: SettableClock) -> None:
    console = Console(tmp_path, clock, LOW.replace("5s\n", "5s\n    query_offset: 30s\n"))
    console.scrapes(1.01, 45)
    assert [alert.phase for alert in console.scrapes(2.0, 15).raised] == [Phase.FIRING]


def test_a_clock_that_is_set_by_ten_minutes_ends_no_alert_and_begins_none(console: Console) -> None:
    console.scrapes(1.01, 20)
    for step in (600.0, -1200.0):
        console.clock.set_by = step
        assert [alert.phase for alert in console.scrapes(1.01, 20).raised] == [Phase.FIRING]


def test_the_triggers_are_judged_by_what_was_scraped(console: Console) -> None:
    console.scrapes(1.01, 5)
    for errors in range(7):
        console.scrape(1.01, errors)
    console.clock.at += EVIDENCE_EVERY
    judgements = {one.trigger.key: one for one in judged(console.scrape(1.01, 7).evidence)}
    assert judgements["sync_errors"].standing is Standing.MET
    assert judgements["sync_errors"].words == "7 in the last minute on BTC"
    assert judgements["slippage"].words == "not exported by this engine"
    assert judgements["margin_calls"].standing is Standing.UNKNOWN
    assert judgements["margin_calls"].words.startswith("1 below 1.05 within an hour on BTC, of which 17 s")
