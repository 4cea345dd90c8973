"""Several queries at one instant: they share their work, and nobody sees it in the answers."""

import math
import random
import threading
from array import array

import pytest

from console.domain.metrics import Column, Lineup, Series, Vector, column_of
from console.promql.evaluate import EvaluationError, evaluate
from console.promql.query import Query, parse_query
from console.promql.round import Round
from console.promql.samples import SampleStore
from tests.promql_grammar import expressions

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT")
EVERY = 0.2
"""Seconds between two scrapes, as the grammar's expressions expect."""


def exporter(scrapes: int) -> SampleStore:
    """The metrics that the grammar speaks of, by chance, with what comes, goes and isn't a number."""
    chance, store = random.Random(5), SampleStore()
    lineups: dict[tuple[Series, ...], Lineup] = {}
    keep_all = parse_query("rate({__name__=~'futures_.+'}[1m])")
    store.keep([keep_all])
    count = dict.fromkeys(SYMBOLS, 5000.0)
    for scrape in range(scrapes):
        for symbol in SYMBOLS:
            count[symbol] = 3.0 if chance.random() < 0.1 else count[symbol] + chance.randrange(2)
        there = [symbol for symbol in SYMBOLS if chance.random() < 0.9]
        samples: dict[str, Vector] = {
            "futures_margin_ratio": metric("margin_ratio", {one: chance.uniform(1, 2) for one in SYMBOLS}),
            "futures_funding_rate": metric("funding_rate", {one: chance.gauss(0, 1e-4) for one in there}),
            "futures_sync_errors_total": metric("sync_errors_total", count),
            "futures_odd": metric("odd", dict(zip(SYMBOLS, (math.nan, math.inf, -2.0), strict=True))),
        }
        if scrape % 9 < 5:
            samples["futures_comings_total"] = metric("comings_total", {"AUSDT": 2000.0 + scrape})
        known = {name: lineups.setdefault(tuple(one), Lineup(one)) for name, one in samples.items()}
        store.append(
            1e9 + scrape * EVERY, {name: column_of(one, known[name]) for name, one in samples.items()}
        )
    return store


def metric(name: str, values: dict[str, float]) -> Vector:
    return {Series(f"futures_{name}", (("symbol", symbol),)): value for symbol, value in values.items()}


def in_words(query: Query, answer: Vector | None) -> str:
    """An answer down to the sign of a 0, in its order."""
    return (
        f"{query.text}: {None if answer is None else [(one, repr(value)) for one, value in answer.items()]}"
    )


def alone(query: Query, store: SampleStore, at: float) -> Vector | None:
    try:
        return evaluate(query, store, at)
    except EvaluationError:
        return None


def shared(query: Query, tick: Round) -> Vector | None:
    try:
        return tick.evaluate(query)
    except EvaluationError:
        return None


def test_queries_of_a_round_have_the_answers_that_they_have_alone() -> None:
    store = exporter(40)
    queries = [parse_query(text) for text in expressions(300, seed=11)]
    with Round(store, 1e9 + 7.917) as tick:
        together = [in_words(query, shared(query, tick)) for query in queries]
    assert together == [in_words(query, alone(query, store, 1e9 + 7.917)) for query in queries]


def test_a_part_that_two_queries_have_is_evaluated_once() -> None:
    with Round(exporter(40), 1e9 + 7.9) as tick:
        rate = tick.evaluate(parse_query("rate(futures_sync_errors_total[5s])"))
        assert tick.evaluate(parse_query("rate(futures_sync_errors_total[5s]) > -1")) is rate


@pytest.mark.parametrize(
    ("one", "other"), [("1 / 0", "1 / -0"), ("timestamp(futures_odd)", "-futures_odd"), ("1", "'1'")]
)
def test_parts_that_mean_something_else_are_not_taken_for_each_other(one: str, other: str) -> None:
    assert parse_query(one).root != parse_query(other).root


def test_what_a_rule_records_is_known_to_those_after_it() -> None:
    worst, store = Series("worst", ()), SampleStore()
    with Round(store, 1000) as tick:
        assert tick.evaluate(parse_query("worst + 1")) == {}
        tick.record("worst", {worst: 1.0}, by="a rule")
        assert tick.evaluate(parse_query("worst + 1")) == {Series("", ()): 2.0}


def test_no_scrape_comes_in_the_middle_of_a_round() -> None:
    store, up = SampleStore(), Series("up", ())
    store.append(1000, {"up": {up: 1.0}})
    scrape = threading.Thread(target=store.append, args=(1001, {"up": {up: 0.0}}), daemon=True)
    with Round(store, 1001) as tick:
        scrape.start()
        scrape.join(0.05)
        assert tick.evaluate(parse_query("up")) == {up: 1.0}
    scrape.join(10)
    assert evaluate(parse_query("up"), store, 1001) == {up: 0.0}


def test_rounds_and_scrapes_of_two_threads_never_see_half_of_each_other() -> None:
    """Both metrics say the same in each scrape: whatever is asked of them must agree."""
    store, scraped = SampleStore({"left", "right"}, retention=400), [1000]
    lineups = [Lineup(Series(name, (("symbol", f"S{n}"),)) for n in range(300)) for name in ("left", "right")]
    queries = [
        parse_query(f"{left} != {left.replace('left', 'right')}")
        for left in ("left", "rate(left[5m])", "left offset 5m", "count_over_time(left[1m])")
    ]

    def scrape() -> None:
        chance = random.Random(1)
        for at in range(1001, 1600):
            numbers = array("d", (chance.random() for _ in range(300)))
            left, right = (Column(lineup, numbers) for lineup in lineups)
            store.append(at, {"left": left, "right": right})
            scraped.append(at)

    scraper = threading.Thread(target=scrape, daemon=True)
    scraper.start()
    rounds = 0
    while scraper.is_alive():
        with Round(store, scraped[-1] + 0.5) as tick:
            assert [tick.evaluate(query) for query in queries] == [{}] * len(queries)
        rounds += 1
    assert (len(scraped), rounds > 1) == (600, True)
