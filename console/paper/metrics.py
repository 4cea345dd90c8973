"""What the paper engine exports (ENGINE section 4), as Prometheus exposition text 0.0.4.

Families with few series go through prometheus_client. Families with a series per symbol are written here,
line prefixes kept, because generate_latest takes 0.3 s for the 40,000 samples of 5,000 symbols. The body is
rendered once a second and served from memory, so a scrape costs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from prometheus_client import CollectorRegistry, Gauge, Histogram, disable_created_metrics, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

OPERATIONS = ("connect", "open_position", "close_position", "get_positions", "update_equity")
"""The operations of the coin document's table of expected times."""

_MATCH_BUCKETS = (10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3)
_OPERATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5)

Key = tuple[str, ...]
"""The label values of one series, in the family's order."""

Series = Mapping[Key, float]
"""The series of one family; never changed once shown, so that the same object means the same text."""


@dataclass(frozen=True, slots=True)
class SymbolValues:
    """One instant of the families that have a series per symbol.

    Keys are (symbol,), of quantities (symbol, side) and of stages (feature, symbol). A symbol without a
    position has no margin ratio. Rates are fractions per 8 h, slippage is in basis points.
    """

    margin_ratios: Series
    funding_rates: Series
    slippage_bps: Series
    marks: Series
    quantities: Series
    sync_errors: Series
    liquidations: Series
    stages: Series


_FAMILIES = {
    "margin_ratios": (
        "futures_margin_ratio",
        "gauge",
        "Equity / maintenance margin; 1 liquidates.",
        "symbol",
    ),
    "funding_rates": ("futures_funding_rate", "gauge", "Funding rate per 8 h.", "symbol"),
    "slippage_bps": ("futures_slippage_bps", "gauge", "Slippage of recent orders in basis points.", "symbol"),
    "marks": ("futures_mark_price", "gauge", "Mark price in USD(T).", "symbol"),
    "quantities": ("futures_position_quantity", "gauge", "Open quantity in coins.", "symbol", "side"),
    "sync_errors": (
        "futures_sync_errors_total",
        "counter",
        "Times that books and exchange disagreed about a position.",
        "symbol",
    ),
    "liquidations": ("futures_liquidations_total", "counter", "Positions liquidated.", "symbol"),
    "stages": (
        "futures_feature_stage",
        "gauge",
        "Stage that the engine has loaded, 0 disabled to 3 production.",
        "feature",
        "symbol",
    ),
}


class Metrics:
    """Every family of the paper engine. One thread renders; observations may come from any."""

    def __init__(self, version: str, mode: str = "paper") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self.fill_ratio = self._gauge("futures_fill_ratio", "Orders filled of those sent, 0 to 1.")
        self.funding_accuracy = self._gauge(
            "futures_funding_accuracy_ratio",
            "How near the funding forecast came to the settled rates, 0 to 1.",
        )
        self.tripped = self._gauge("futures_kill_switch_tripped", "1 while the kill switch is tripped.")
        self.heartbeat = self._gauge(
            "futures_heartbeat_timestamp_seconds", "When the main loop last turned, seconds since 1970."
        )
        self.trading_enabled = self._gauge(
            "futures_trading_enabled", "1 while the account may open positions.", "account"
        )
        self._gauge("futures_build_info", "The engine's version and mode.", "version", "mode").labels(
            version, mode
        ).set(1)
        self.order_latency = self._histogram(
            "futures_order_latency_seconds",
            "Time to match an order against the aggregated (L2) or per-order (L3) book.",
            "level",
            _MATCH_BUCKETS,
        )
        self.operation_seconds = self._histogram(
            "futures_operation_seconds",
            "Time that an operation on the books took.",
            "operation",
            _OPERATION_BUCKETS,
        )
        for operation in OPERATIONS:
            self.operation_seconds.labels(operation)
        self._families = tuple(
            _Family(name, kind, text, *labels) for name, kind, text, *labels in _FAMILIES.values()
        )

    @contextmanager
    def timed(self, operation: str) -> Iterator[None]:
        """Observe how long the block takes as one of OPERATIONS; a block that raises is not observed."""
        start = perf_counter()
        yield
        self.operation_seconds.labels(operation).observe(perf_counter() - start)

    def of_engine(self) -> bytes:
        """The families of the engine as a whole, heartbeat among them, at this instant."""
        return generate_latest(self._registry)

    def by_symbol(self, values: SymbolValues) -> bytes:
        """The families with a series per symbol, which together with `of_engine` make the body."""
        shown = (getattr(values, family) for family in _FAMILIES)
        chunks = [family.render(mapping) for family, mapping in zip(self._families, shown, strict=True)]
        return "".join(chunks).encode()

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, label: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(name, text, (label,), buckets=buckets, registry=self._registry)


def series(name: str, labels: Iterable[tuple[str, str]]) -> str:
    """The part of a line before its value, label values escaped."""
    inner = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
    return f"{name}{{{inner}}} "


class _Family:
    """One family's text. The same mapping object as last time is not rendered again."""

    def __init__(self, name: str, kind: str, text: str, *labels: str) -> None:
        self._name = name
        self._labels = labels
        self._head = f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
        self._prefixes: dict[Key, str] = {}
        self._last: object = None
        self._text = ""

    def render(self, values: Mapping[Key, float]) -> str:
        if values is not self._last:
            known = self._prefixes
            for key in values.keys() - known.keys():
                known[key] = series(self._name, zip(self._labels, key, strict=True))
            lines = [f"{known[key]}{value!r}\n" for key, value in values.items()]
            self._last, self._text = values, self._head + "".join(lines)
        return self._text


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
