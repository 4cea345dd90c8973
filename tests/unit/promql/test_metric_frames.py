"""The past of metrics that move all the time: what it keeps, and that it stays as large as it is."""

import math
import random
from array import array

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.domain.metrics import Column, Lineup, Series
from console.promql.evaluate import evaluate
from console.promql.frames import APART, RECENT, Frames
from console.promql.query import parse_query
from console.promql.samples import SampleStore
from console.promql.tracks import Tracks

A, B = (Series("errors", (("symbol", symbol),)) for symbol in "AB")
BOTH, ONE = Lineup((A, B)), Lineup((A,))
VALUES = st.sampled_from([0.0, 1.0, 2.0, math.nan, math.inf])
SCRAPES = st.lists(st.one_of(st.tuples(VALUES), st.tuples(VALUES, VALUES)), min_size=1, max_size=12)


def column(values: tuple[float, ...]) -> Column:
    return Column(BOTH if len(values) == 2 else ONE, array("d", values))


def told(past: Tracks | Frames, scrape: int) -> dict[Series, str]:
    return {series: repr(value) for series, value in past.at(scrape).items()}


@given(SCRAPES, st.integers(0, 14))
def test_columns_hold_what_tracks_hold(scrapes: list[tuple[float, ...]], forgotten: int) -> None:
    tracks, frames = Tracks(2), Frames(2)
    for scrape, values in enumerate(scrapes, 2):
        tracks.add(scrape, column(values))
        frames.add(scrape, column(values))
    numbers = range(max(2, min(forgotten, len(scrapes) + 1)), len(scrapes) + 2)
    for past in (tracks, frames):
        past.forget(numbers[0])
    told_of = [scrape for scrape, _ in tracks.columns()]
    assert told_of == sorted({*told_of, numbers[0]})
    for past in (frames, Frames.of(tracks), frames.tracks()):
        for scrape in numbers:
            assert told(past, scrape) == told(tracks, scrape)
            for series, track in tracks.items():
                assert series not in past or repr(past[series].at(scrape)) == repr(track.at(scrape))
    for scrape in (1, *numbers):
        changed = [{series for series, _ in past.changed_after(scrape)} for past in (tracks, frames)]
        assert changed[0] <= changed[1]


@given(st.lists(st.tuples(VALUES, VALUES), min_size=6, max_size=12), st.integers(2, 14), st.booleans())
def test_counters_grow_in_columns_as_they_do_in_tracks(
    scrapes: list[tuple[float, float] | None], seconds: int, one_is_new: bool
) -> None:
    """Of two counters it is told what they do; the others move all the time, or never."""
    query, answers = parse_query(f"increase(errors[{seconds}s])"), []
    many = Lineup([A, B, *counters()])
    fewer = many.part(range(1, 302))
    for moving in (True, False):
        store = SampleStore({"errors"})
        for at, pair in enumerate([(0.0, 0.0), (0.0, 0.0), *scrapes], 1000):
            if pair is None:
                store.append(at, {})
                continue
            numbers = array("d", [*pair, *(float(at if moving else 1) + n for n in range(300))])
            if one_is_new and at < 1003:
                store.append(at, {"errors": Column(fewer, numbers[1:])})
            else:
                store.append(at, {"errors": Column(many, numbers)})
        answer = evaluate(query, store, 1001.5 + len(scrapes))
        answers.append([repr(answer.get(Series("", one.labels))) for one in (A, B)])
    assert answers[0] == answers[1]


@example([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)], 2)  # what changed only where nothing is kept has changed, too
@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=12), st.integers(0, 11))
def test_thinning_leaves_what_is_recent_as_it_is(scrapes: list[tuple[float, ...]], recent: int) -> None:
    whole, thinned, kept = Frames(), Frames(), Frames()
    for scrape, values in enumerate(scrapes):
        whole.add(scrape, column(values))
        thinned.add(scrape, column(values))
    last = len(scrapes) - 1
    thinned.grown(0, last)  # what was found out before must not outlast what it was about
    thinned.thin(recent, lambda scrape: scrape * 20_000)
    for scrape in range(recent, len(scrapes)):
        assert told(thinned, scrape) == told(whole, scrape)
    for scrape in range(len(scrapes)):
        kept.add(scrape, thinned.at(scrape))
    assert repr(thinned.grown(0, last)) == repr(kept.grown(0, last))
    changed = [{series for series, _ in frames.changed_after(0)} for frames in (thinned, kept)]
    assert changed[0] >= changed[1]


def counters() -> list[Series]:
    return [Series("errors", (("symbol", f"S{n}"),)) for n in range(300)]


def market(symbols: int, hours: float, every: float) -> SampleStore:
    """What a store holds of metrics whose every value moves, after so many hours of scrapes."""
    names = ("margin", "slippage", "mark")
    store = SampleStore(names)
    lineups = {name: Lineup(Series(name, (("symbol", f"S{n}"),)) for n in range(symbols)) for name in names}
    chance = random.Random(1)
    numbers = array("d", (chance.random() for _ in range(symbols)))
    for scrape in range(round(hours * 3600 / every)):
        numbers.append(numbers.pop(0))
        store.append(1000 + scrape * every, {name: Column(lineups[name], numbers[:]) for name in names})
    return store


def test_what_moves_all_the_time_takes_as_much_room_after_a_day_as_after_two_hours() -> None:
    """Of each series the scrapes of five minutes, and then one a minute."""
    values = (RECENT / 10 + 3900 / APART) * 300 * 3
    after_two_hours, after_a_day = (market(300, hours, every=10.0).size / 8 for hours in (2, 24))
    assert after_two_hours == pytest.approx(values, rel=0.1)
    assert after_a_day == pytest.approx(after_two_hours, rel=0.02)


def test_a_range_of_five_minutes_is_not_thinned() -> None:
    store = market(300, 0.5, every=1.0)
    assert set(evaluate(parse_query("count_over_time(margin[5m])"), store, 2799).values()) == {300.0}
    assert set(evaluate(parse_query("changes(margin[5m])"), store, 2799).values()) == {299.0}


def test_what_is_older_is_told_as_it_was_a_minute_before_at_most() -> None:
    store = market(300, 0.5, every=1.0)
    for ago in (400, 700, 1000):
        changed = evaluate(parse_query(f"changes(margin[2m] offset {ago}s)"), store, 2799)
        assert {1.0, 2.0} >= set(changed.values())


def test_what_calms_down_takes_no_room_any_more() -> None:
    store = market(300, 0.5, every=1.0)
    last = store.instant("margin", 2799)
    for at in range(2800, 2800 + 4000, 10):
        store.append(at, dict.fromkeys(("margin", "slippage", "mark"), last))
    assert store.size == 3 * 300 * 8
    assert isinstance(store.tracks("margin"), Tracks)


def test_what_changes_at_once_and_then_rests_is_kept_series_by_series_again() -> None:
    """An engine that has restarted: its counters begin at 0, and then one of them grows."""
    store, series = SampleStore(["errors"]), counters()
    query, kinds = parse_query("increase(errors[20m])"), []
    for at in range(1000, 6000, 10):
        grown = float(at >= 2000) + at // 1000
        others = 9.0 * (at < 2000)
        store.append(at, {"errors": {one: grown if one is series[7] else others for one in series}})
        kinds.append(type(store.tracks("errors")))
    assert [kinds[at] for at in (50, 110, 450, 499)] == [Tracks, Frames, Frames, Tracks]
    assert max(evaluate(query, store, 5990).values()) == pytest.approx(1, rel=0.02)


def test_where_some_series_change_all_the_time_it_stays_as_large_as_it_is() -> None:
    """Too few at once to be most of them; there are more changes than are kept one by one."""
    store, series, chance = SampleStore(["errors"]), counters(), random.Random(3)
    numbers, sizes = array("d", bytes(8 * len(series))), []
    lineup = Lineup(series)
    for at in range(1000, 5600):
        for place in chance.sample(range(300), 60):
            numbers[place] += 1
        store.append(at, {"errors": Column(lineup, numbers[:])})
        sizes.append(store.size)
    assert 1_500_000 < max(sizes) <= 17 * (100_000 + 8 * 300) + 8 * 300
    assert sizes[-1] < 900_000
    grown = evaluate(parse_query("sum(increase(errors[5m]))"), store, 5599)
    assert next(iter(grown.values())) == pytest.approx(60 * 300, rel=0.01)


def test_series_that_come_back_after_an_engines_restart_are_the_same() -> None:
    store, lineup = SampleStore(["errors"]), Lineup(counters())
    for at in range(1000, 1100):
        again = lineup if at < 1050 else Lineup(lineup.series)
        numbers = array("d", [float(at % 50)] * 300)
        store.append(at, {} if 1040 <= at < 1050 else {"errors": Column(again, numbers)})
    past = store.tracks("errors")
    assert isinstance(past, Frames)
    grown = past.grown(0, 99)
    assert grown is not None
    assert (grown.scrapes, grown.first, grown.last, set(grown.numbers)) == (90, 0, 99, {39.0 + 49.0})


def test_what_moves_all_the_time_goes_on_from_its_last_value_in_the_next_run() -> None:
    one, other = market(300, 0.1, every=1.0), SampleStore(["margin"])
    other.continue_from(one.past())
    assert dict(other.instant("margin", 1359)) == dict(one.instant("margin", 1359))
    query = parse_query("rate(margin[5m])")
    assert (one.covered_by(query, 1359), other.covered_by(query, 1359)) == (300, 0)
