"""What it takes to evaluate alerts and to remember samples: `python -m benchmarks.alerts`.

*Memory*: eight metrics of 5,000 symbols, of which every value moves in every scrape and an hour is looked
back on, the worst case for the store; what the process holds more than before, after a simulated hour of
scrapes each second and after each further one of a day. *Round*: over an hour of a market in which six of the
eight move all the time and the counters of errors and liquidations now and then, both rule files with their
state machines and all panels and key metrics, evaluated at one instant.
"""

import argparse
import os
import random
import time
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.figures import Spread
from benchmarks.processes import memory
from benchmarks.run import machine
from console.domain.metrics import Column, Labels, Lineup, Series, Vector, column_of
from console.domain.thresholds import KEY_METRICS
from console.panels import load_panels
from console.promql.evaluate import evaluate
from console.promql.query import Query, parse_query
from console.promql.rule_file import AlertRule, Intervals, RuleFile, load_rules
from console.promql.ruler import Ruler
from console.promql.samples import SampleStore

MOST_MILLISECONDS, MOST_MEGABYTES = 50.0, 150.0
"""What issue 6 allows."""
HOUR = 3600
_CONFIGS = Path(__file__).parent.parent / "configs"
_GAUGES = {
    "futures_margin_ratio": (1.2, 9.0),
    "futures_funding_rate": (-4e-4, 4e-4),
    "futures_slippage_bps": (0.0, 9.0),
    "futures_mark_price": (1.0, 9e4),
    "futures_position_quantity": (0.0, 50.0),
    "futures_feature_stage": (0.0, 3.0),
}
"""Their values, all of which are harmless."""
_COUNTERS = ("futures_sync_errors_total", "futures_liquidations_total")
_MOVES = 0.1
"""Of so many scrapes one has one more error, and one liquidation."""


class Market:
    """The scrapes of an engine, one a second."""

    def __init__(self, symbols: int, chance: random.Random) -> None:
        self._chance = chance
        self.columns = {name: self._column(name, symbols, low, high) for name, (low, high) in _GAUGES.items()}
        self.columns |= {name: self._column(name, symbols, 0.0, 0.0) for name in _COUNTERS}

    def scrape(self, at: int, *, restless: bool = False) -> Mapping[str, Vector]:
        """The values of each gauge have changed places; `restless` ones of counters, too."""
        for name in _COUNTERS:
            if self._chance.random() < _MOVES:
                column = self.columns[name]
                numbers = column.numbers[:]
                numbers[self._chance.randrange(len(numbers))] += 1
                self.columns[name] = Column(column.lineup, numbers)
        moving = self.columns if restless else _GAUGES
        return self.columns | {name: _turned(self.columns[name], at) for name in moving}

    def _column(self, name: str, symbols: int, low: float, high: float) -> Column:
        lineup = Lineup(Series(name, (("symbol", f"S{number:04}USDT"),)) for number in range(symbols))
        return Column(lineup, array("d", (self._chance.uniform(low, high) for _ in range(symbols))))


def own(at: int) -> Mapping[str, Vector]:
    """What a console measures itself while all is well."""
    measured: dict[str, list[Labels]] = {
        "opsconsole_up": [(("source", name),) for name in ("metrics", "database", "exchange")],
        "opsconsole_connection_failures_total": [(("source", "database"),)],
        "opsconsole_openings_failed_total": [(("account", "3"),)],
        "opsconsole_open_positions": [(("account", "3"), ("symbol", f"S{n:04}USDT")) for n in range(100)],
        "opsconsole_account_equity": [(("account", "3"),)],
        "opsconsole_account_pnl": [(("account", "3"), ("kind", kind)) for kind in ("realized", "unrealized")],
        "opsconsole_database_response_seconds": [()],
    }
    values = {"opsconsole_account_equity": 1000.0 + at % 17, "opsconsole_database_response_seconds": 0.01}
    return {
        name: {Series(name, labels): values.get(name, 0.0 if "total" in name else 1.0) for labels in series}
        for name, series in measured.items()
    }


def fill_day(symbols: int, hours: int) -> Iterator[tuple[float, float]]:
    """After each simulated hour, how many MB the process holds more than before, and how many are samples."""
    market = Market(symbols, random.Random(1))
    for name in _COUNTERS:
        market.columns[name] = column_of({s: float(n) for n, s in enumerate(market.columns[name])})
    store = SampleStore(market.columns, retention=HOUR)
    before = memory(os.getpid()).resident
    for at in range(hours * HOUR):
        store.append(at, market.scrape(at, restless=True))
        if at % HOUR == HOUR - 1:
            yield memory(os.getpid()).resident - before, store.size / 1e6


def rounds(symbols: int, count: int) -> Spread:
    """Milliseconds of CPU for each of some rounds, a simulated minute apart, after an hour of scrapes."""
    files = [load_rules(_CONFIGS / name) for name in ("alert_rules.yaml", "alert_rules_hardened.yaml")]
    panels = load_panels(_CONFIGS / "dashboard.yaml", parse_query)
    shown = [
        parse_query(text) for text in (*(one.query for one in panels), *(one.query for one in KEY_METRICS))
    ]
    store, market = SampleStore(), Market(symbols, random.Random(2))
    store.keep([*shown, *_queries_of(files)])
    ruler = Ruler(files, store, Intervals(scrape=1, evaluation=60))
    times = []
    for at in range(HOUR + count * 60):
        store.append(at, market.scrape(at))
        store.measure(at, own(at))
        if at >= HOUR and at % 60 == 0:  # all groups are due
            began = time.process_time()
            ruler.evaluate(at)
            for query in shown:
                evaluate(query, store, at)
            times.append((time.process_time() - began) * 1e3)
    return Spread.of(times[1:])


def main() -> None:
    given = _options()
    print(f"{machine()}, load {os.getloadavg()[0]:.1f}; {given.symbols} symbols", flush=True)
    held = list(fill_day(given.symbols, given.hours))
    first, later = held[0], Spread.of([resident for resident, _ in held[1:]] or [held[0][0]])
    print(f"memory after an hour    {first[0]:.1f} MB, {first[1]:.1f} MB of them samples")
    print(f"of the {MOST_MEGABYTES:.0f} MB allowed   {first[0] / MOST_MEGABYTES:.2f}")
    print(f"each hour after it      {later:.1f} MB", flush=True)
    spread = rounds(given.symbols, given.rounds)
    print(f"a round                 {spread:.1f} ms of CPU")
    print(f"of the {MOST_MILLISECONDS:.0f} ms allowed    {spread.median / MOST_MILLISECONDS:.2f}")


def _turned(column: Column, at: int) -> Column:
    """The same values, each somewhere else."""
    place = at % (len(column) - 1) + 1
    return Column(column.lineup, column.numbers[place:] + column.numbers[:place])


def _queries_of(files: list[RuleFile]) -> Iterator[Query]:
    for file in files:
        for _, rule in file.rules:
            yield rule.query
            if isinstance(rule, AlertRule):
                yield from rule.watched


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alerts", description=__doc__)
    parser.add_argument("--symbols", type=int, default=5000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=31)
    return parser.parse_args()


if __name__ == "__main__":
    main()
