"""The embedded evaluator and the Prometheus source, held to a real Prometheus server.

The server scrapes a small exporter for some seconds. Its raw samples, with its own times, are then replayed
into the store, so that both evaluate the same samples at the same instants. Those are chosen so that no range
begins or ends at a sample, however late a busy machine scrapes: there Prometheus before 3.0 differs.
"""

import itertools
import math
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from console.domain.clock import SystemClock
from console.domain.metrics import Series, Vector
from console.promql.evaluate import EvaluationError, evaluate
from console.promql.query import parse_query
from console.promql.samples import SampleStore
from console.sources.prometheus import PrometheusSource
from tests.debian import NoServerError
from tests.prometheus import Prometheus, do_without, series_of, server, serving
from tests.promql_grammar import expressions
from tests.waiting import DEADLINE, eventually

SCRAPES = 25
STEP = 200
"""Milliseconds between two scrapes. All ranges, offsets and steps of subqueries are multiples of it."""
EXPRESSIONS = [
    "futures_margin_ratio",
    "futures_margin_ratio{symbol=~'.*'}",
    "futures_margin_ratio{symbol!~'A.*',side=''}",
    "futures_margin_ratio{symbol!='AUSDT'} < 1.5",
    "{__name__=~'futures_(margin|funding).+',symbol='AUSDT'}",
    "rate(futures_sync_errors_total[3s])",
    "increase(futures_sync_errors_total[3s]) > bool 0",
    "rate(futures_sync_errors_total{symbol=~'A.+|B.+'}[1s])",
    "increase(futures_restarts_total[4s])",
    "rate(futures_comings_total[4s])",
    "increase(futures_comings_total[1s])",
    "sum(rate(futures_sync_errors_total[2s]))",
    "sum by (symbol) (futures_sync_errors_total)",
    "sum without (symbol) (rate(futures_order_latency_seconds_bucket[3s]))",
    "max by (side, nothing) (futures_margin_ratio)",
    "min without (instance, job) (futures_margin_ratio)",
    "avg(futures_margin_ratio)",
    "max(futures_odd)",
    "min by (kind) (futures_odd)",
    "sum by (kind) (futures_odd)",
    "avg by (kind) (futures_odd)",
    "count by (__name__) ({__name__=~'futures_.+'})",
    "count(futures_absent)",
    "-futures_margin_ratio",
    "-(futures_margin_ratio > 1) * 2 ^ 3 ^ 0.5",
    "100 * futures_margin_ratio % 7",
    "1 / futures_odd",
    "futures_odd ^ -3",
    "0 ^ -1 * futures_margin_ratio",
    "1.2 <= futures_margin_ratio",
    "futures_margin_ratio != bool 1.5",
    "2 > bool 1",
    "-2 ^ 2 + 7 % -4",
    "histogram_quantile(0.95, sum by (le) (rate(futures_order_latency_seconds_bucket{level='L2'}[3s])))",
    "histogram_quantile(0.5, futures_order_latency_seconds_bucket)",
    "histogram_quantile(-0.1, futures_order_latency_seconds_bucket)",
    "histogram_quantile(1, futures_order_latency_seconds_bucket)",
    "histogram_quantile(0.3, futures_broken_bucket)",
]


class Exporter:
    """An engine's metrics in small: each scrape gets the next page of a seeded history."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        self._counters: dict[str, float] = {}
        self.scrapes = 0

    def page(self) -> str:
        self.scrapes += 1
        chance = self._random
        lines = [f'futures_margin_ratio{{symbol="{s}USDT"}} {chance.uniform(1, 2)!r}' for s in "ABC"]
        lines.append(f'futures_margin_ratio{{symbol="DUSDT",side="LONG"}} {chance.uniform(1, 2)!r}')
        lines += [f'futures_funding_rate{{symbol="{s}USDT"}} {chance.gauss(0, 1e-4)!r}' for s in "AB"]
        for s, share in (("A", 0.1), ("B", 0.5), ("C", 1.0)):
            lines.append(
                self._count(f'futures_sync_errors_total{{symbol="{s}USDT"}}', chance.random() < share)
            )
        lines.append(f"futures_restarts_total {1000 + self.scrapes * 3 % 17}")
        if self.scrapes % 9 < 5:
            lines.append(f"futures_comings_total {2000 + self.scrapes}")
        for kind, number in itertools.product("xy", ("NaN", "+Inf", "-2", "0", "3e5")):
            if (kind, number) != ("y", "+Inf"):
                lines.append(f'futures_odd{{kind="{kind}",n="{number}"}} {number}')
        for level in ("L2", "L3"):
            for bound in ("0.0001", "0.0005", "0.002", "+Inf"):
                name = f'futures_order_latency_seconds_bucket{{le="{bound}",level="{level}"}}'
                lines.append(self._count(name, chance.randrange(3)))
        for bound, count in (("0.1", 5), ("0.2", 4), ("nonsense", 9), ("0.4", 10), ("+Inf", 10)):
            lines.append(f'futures_broken_bucket{{le="{bound}"}} {count}')
        lines.append(f"futures_heartbeat_timestamp_seconds {time.time()!r}")
        return "\n".join([*lines, ""])

    def _count(self, series: str, grown: float) -> str:
        self._counters[series] = self._counters.get(series, 5000.0) + grown
        return f"{series} {self._counters[series]!r}"


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A server that has scraped the exporter some times. Without one a test is skipped, in CI it fails.

    Where it came to scrape on a multiple of the step, at which subqueries begin, another is begun: a server
    chooses by its target, and so by chance, when it scrapes.
    """
    while True:
        exporter, folder = Exporter(), tmp_path_factory.mktemp("prometheus")
        try:
            with serving(exporter.page) as target, server(folder, target, f"{STEP}ms") as running:
                eventually(lambda: len(scraped_at(running)) > SCRAPES)
                if 0 not in steps_of(scraped_at(running)):
                    yield running
                    return
        except NoServerError as error:
            do_without(error)


def scraped_at(prometheus: Prometheus) -> list[float]:
    """The times of a server's scrapes, of which all samples are there."""
    rows = prometheus.query("futures_restarts_total[5m]", time.time())
    return [at for row in rows for at, _ in row["values"]]


def steps_of(times: Iterable[float]) -> set[int]:
    """How far into its step each time lies, in milliseconds."""
    return {round(at * 1000) % STEP for at in times}


def instants(times: Sequence[float], *scrapes: int) -> Iterator[float]:
    """Two instants after each of those scrapes, of which none lies whole steps from any sample."""
    taken = {0, *steps_of(times)}
    for scrape, after in itertools.product(scrapes, (17, 91)):
        at = round(times[scrape] * 1000) + after
        yield next(each for each in itertools.count(at) if each % STEP not in taken) / 1000


ASKED_AFTER = (5, 11, 17, SCRAPES - 2)
"""The scrapes after which each query is asked."""
Replayed = tuple[SampleStore, list[float]]


@pytest.fixture(scope="module")
def replayed(prometheus: Prometheus) -> Replayed:
    """The server's samples in a store of ours, and the times of its scrapes."""
    scrapes: dict[float, dict[str, dict[Series, float]]] = {}
    for row in prometheus.query('{__name__=~"futures_.+"}[5m]', time.time()):
        series = series_of(row["metric"])
        for at, value in row["values"]:
            scrapes.setdefault(at, {}).setdefault(series.name, {})[series] = float(value)
    times = sorted(scrapes)
    store = SampleStore({"futures_absent", *(name for samples in scrapes.values() for name in samples)})
    for at in times:
        store.append(at, scrapes[at])
    return store, times


def theirs(prometheus: Prometheus, expression: str, at: float) -> dict[Series, float]:
    answer: Any = prometheus.query(expression, at)
    if answer and not isinstance(answer[0], dict):  # a scalar
        return {Series("", ()): float(answer[1])}
    return {series_of(row["metric"]): float(row["value"][1]) for row in answer}


def test_every_query_evaluates_as_on_the_server(
    prometheus: Prometheus, replayed: Replayed, subtests: pytest.Subtests
) -> None:
    """One test of them all, so that a run on several workers starts one server."""
    for expression in EXPRESSIONS:
        with subtests.test(expression):
            assert_evaluates_as_on_the_server(expression, prometheus, replayed)


def assert_evaluates_as_on_the_server(expression: str, prometheus: Prometheus, replayed: Replayed) -> None:
    store, times = replayed
    query = parse_query(expression)
    for at in instants(times, *ASKED_AFTER):
        ours, expected = evaluate(query, store, at), theirs(prometheus, expression, at)
        assert ours.keys() == expected.keys(), at
        for series, value in expected.items():
            assert ours[series] == pytest.approx(value, rel=1e-9, abs=1e-300, nan_ok=True), (series, at)


GENERATED = 600
SEED = 20261121


def test_generated_expressions_evaluate_as_on_the_server(prometheus: Prometheus, replayed: Replayed) -> None:
    """Those that fail there fail here, and those that sort do so."""
    store, times = replayed
    different, asked = [], itertools.cycle(instants(times, 8, 11, 14, 17))
    for expression, at in zip(expressions(GENERATED, SEED), asked, strict=False):
        expected = theirs_or_none(prometheus, expression, at)
        ours = ours_or_none(expression, store, at)
        if not same(ours, expected, ordered=expression.startswith(("sort", "topk (", "bottomk ("))):
            different.append((expression, at, ours, expected))
    assert different == []


def theirs_or_none(prometheus: Prometheus, expression: str, at: float) -> dict[Series, float] | None:
    """The answer; None where the server has none but an error."""
    answer = prometheus.get("query", query=expression, time=f"{at:.3f}")
    if answer["status"] == "error":
        assert answer["errorType"] == "execution", answer
        return None
    return {series_of(row["metric"]): float(row["value"][1]) for row in answer["data"]["result"]}


def ours_or_none(expression: str, store: SampleStore, at: float) -> Vector | None:
    query = parse_query(expression)
    try:
        return evaluate(query, store, at)
    except EvaluationError:
        return None


def same(ours: Vector | None, expected: Vector | None, *, ordered: bool) -> bool:
    if ours is None or expected is None or ours.keys() != expected.keys():
        return ours is expected
    if ordered and not all(map(alike, ours.values(), expected.values())):
        return False
    return all(alike(ours[series], value) for series, value in expected.items())


def alike(ours: float, expected: float) -> bool:
    return math.isclose(ours, expected, rel_tol=1e-9) or (math.isnan(ours) and math.isnan(expected))


def test_the_expressions_have_answers(prometheus: Prometheus, replayed: Replayed) -> None:
    asked = list(instants(replayed[1], *ASKED_AFTER))
    empty = [each for each in EXPRESSIONS if not any(theirs(prometheus, each, at) for at in asked)]
    assert empty == ["count(futures_absent)"]


def test_the_source_answers_every_query_and_dates_its_data(prometheus: Prometheus) -> None:
    clock = SystemClock()
    queries = ["min(futures_margin_ratio)", "rate(futures_sync_errors_total[3s])", "rate(", "futures_odd[1m]"]
    scraped = PrometheusSource(prometheus.url, queries, clock=clock, timeout=5).read()
    assert len(scraped.samples["futures_margin_ratio"]) == 4
    assert {str(value) for value in scraped.samples["futures_odd"].values()} >= {"nan", "inf"}
    assert len(scraped.answers["min(futures_margin_ratio)"].vector) == 1
    assert {series.symbol for series in scraped.answers[queries[1]].vector} == {"AUSDT", "BUSDT", "CUSDT"}
    assert (scraped.answers["rate("].error or "").startswith("bad_data: ")
    assert scraped.answers["futures_odd[1m]"].error == "the query answers a matrix, not a vector"
    assert scraped.data_at is not None
    assert 0 <= clock.now() - scraped.data_at < DEADLINE
