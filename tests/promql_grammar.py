"""PromQL expressions by chance, of all that the embedded evaluator knows, over a test exporter's metrics.

What Prometheus changed after the version that tests run is left out: `stddev` of infinities, the names that
`atan2` leaves, and functions that are newer; and so are dates of NaN, which there depend on the processor.
Ranges, offsets and steps are multiples of 200 ms, the time between two scrapes: none begins at a sample if
the instant that is asked for doesn't, which is where Prometheus before 3.0 differs.
"""

import random
from collections.abc import Callable

_GAUGES = ("futures_margin_ratio", "futures_funding_rate", "futures_sync_errors_total", "futures_odd")
_TIMED = (
    "futures_margin_ratio",
    "futures_funding_rate",
    "futures_sync_errors_total",
    "futures_comings_total",
)
_COUNTERS = (
    "futures_sync_errors_total",
    "futures_restarts_total",
    "futures_comings_total",
    "futures_order_latency_seconds_bucket",
)
_MATCHERS = (
    "",
    "",
    "{symbol='AUSDT'}",
    "{symbol=~'A.*|C.*'}",
    "{symbol!='BUSDT'}",
    "{side=''}",
    "{side!~'.+'}",
)
_NUMBERS = (
    "0",
    "1",
    "2",
    "-0.5",
    "1.5",
    "1e3",
    "0.0001",
    "5000",
    "Inf",
    "NaN",
    "time()",
    "pi()",
    "2 ^ 3 % 3",
)
_ARITHMETIC = ("+", "-", "*", "/", "%", "^")
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
_OF_VALUES = (  # noqa: SIM905 - a list of them is as long as the file
    "abs ceil floor exp ln log2 log10 sqrt sgn round sin cos tan asin acos atan sinh cosh tanh asinh acosh "
    "atanh deg rad sort sort_desc timestamp absent"
).split()
_DATES = ("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year")
_OF_COUNTERS = ("rate", "increase", "irate", "resets")
_OF_RANGES = (  # noqa: SIM905 - as above
    "delta idelta deriv changes avg_over_time sum_over_time min_over_time max_over_time count_over_time "
    "last_over_time stddev_over_time stdvar_over_time present_over_time absent_over_time"
).split()
_SUMMARIES = ("sum", "avg", "min", "max", "count", "group")
_GROUPS = ("", "by (symbol) ", "by (job, side) ", "without (symbol) ", "without (side, instance) ", "by () ")


def expressions(count: int, seed: int) -> list[str]:
    """So many different ones."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_vector(chance, 2)] = None
    return list(found)


def _vector(chance: random.Random, depth: int) -> str:
    """An expression that answers a vector, with up to `depth` others around each selector."""
    if depth == 0:
        return _selector(chance, _GAUGES)
    return chance.choice(_VECTORS)(chance, depth)


def _selector(chance: random.Random, metrics: tuple[str, ...]) -> str:
    return chance.choice(metrics) + chance.choice(_MATCHERS) + _moved(chance)


def _moved(chance: random.Random) -> str:
    return chance.choice(
        ("",) * 6 + (" offset 400ms", " offset -200ms", " @ end()", " @ start() offset 600ms")
    )


def _window(chance: random.Random) -> str:
    return f"[{chance.choice(('600ms', '1s', '1s400ms', '2s', '3s'))}]"


def _over_counters(chance: random.Random, _: int) -> str:
    metric = chance.choice(_COUNTERS) + chance.choice(_MATCHERS)
    return f"{chance.choice(_OF_COUNTERS)}({metric}{_window(chance)}{_moved(chance)})"


def _ranged(chance: random.Random, depth: int) -> str:
    if chance.random() < 0.7:
        return chance.choice(_TIMED) + chance.choice(_MATCHERS) + _window(chance) + _moved(chance)
    inner = chance.choice((_over_counters, _plain, _scaled))(chance, depth - 1)
    return f"({inner})[{chance.choice(('1s', '2s', '2s400ms'))}:{chance.choice(('200ms', '400ms', '600ms'))}]"


def _over_ranges(chance: random.Random, depth: int) -> str:
    return f"{chance.choice(_OF_RANGES)}({_ranged(chance, depth)})"


def _with_parameter_over_range(chance: random.Random, depth: int) -> str:
    if chance.random() < 0.5:
        return f"quantile_over_time({_share(chance)}, {_ranged(chance, depth)})"
    return f"predict_linear({_ranged(chance, depth)}, {chance.choice(('1', '60', '-5'))})"


def _plain(chance: random.Random, _: int) -> str:
    return _selector(chance, _TIMED)


def _scaled(chance: random.Random, depth: int) -> str:
    return f"abs({_plain(chance, depth)}) * 2"


def _of_values(chance: random.Random, depth: int) -> str:
    return f"{chance.choice(_OF_VALUES)}({_vector(chance, depth - 1)})"


def _with_numbers(chance: random.Random, depth: int) -> str:
    inner = _vector(chance, depth - 1)
    return chance.choice(
        (
            f"round({inner}, {chance.choice(('0.5', '10', '0.001'))})",
            f"clamp({inner}, {chance.choice(('-1', '1.2', '3'))}, {chance.choice(('1.5', '5001'))})",
            f"clamp_min({inner}, {chance.choice(('1.3', '5003'))})",
            f"clamp_max({inner}, {chance.choice(('1.3', '5003', 'NaN'))})",
            f"vector(scalar({inner}))",
            f"-({inner})",
            f"abs({inner}) atan2 {chance.choice(_NUMBERS[:8])}",
            f"{chance.choice(_DATES)}({_plain(chance, depth)} * 12345.6)",
            f"{chance.choice(_DATES)}()",
        )
    )


def _with_number(chance: random.Random, depth: int) -> str:
    sign = chance.choice(_ARITHMETIC + _COMPARISONS)
    boolean = " bool" if sign in _COMPARISONS and chance.random() < 0.5 else ""
    sides = [f"({_vector(chance, depth - 1)})", f"({chance.choice(_NUMBERS)})"]
    chance.shuffle(sides)
    return f"{sides[0]} {sign}{boolean} {sides[1]}"


def _matched(chance: random.Random, _: int) -> str:
    """Two vectors with at most one series of a symbol each."""
    left, right = (_selector(chance, _TIMED[:3]) for _ in range(2))
    sign = chance.choice((*_ARITHMETIC, *_COMPARISONS, "> bool", "== bool"))
    matching = chance.choice(("", " on (symbol)", " ignoring (side)", " on (symbol, job)"))
    return f"{left} {sign}{matching} {right}"


def _lent(chance: random.Random, depth: int) -> str:
    """Many series to one that lends its labels, or many to many, which is an error."""
    many, one = (
        _selector(chance, ("futures_odd", "futures_margin_ratio")),
        f"sum by (job) ({_plain(chance, depth)})",
    )
    sign = chance.choice((*_ARITHMETIC, "!= bool"))
    return chance.choice(
        (
            f"{many} {sign} on (job) group_left () {one}",
            f"{one} {sign} on (job) group_right (side) {many}",
            f"{many} {sign} on (job) group_left (side) {_selector(chance, _TIMED)}",
            f"{many} {sign} on (job) {one}",
        )
    )


def _sets(chance: random.Random, depth: int) -> str:
    left, right = (f"({_vector(chance, depth - 1)})" for _ in range(2))
    matching = chance.choice(("", " on (symbol)", " ignoring (side)", " on ()"))
    return f"{left} {chance.choice(('and', 'or', 'unless'))}{matching} {right}"


def _aggregated(chance: random.Random, depth: int) -> str:
    group = chance.choice(_GROUPS)
    if chance.random() < 0.6:
        return f"{chance.choice(_SUMMARIES)} {group}({_vector(chance, depth - 1)})"
    inner = _selector(chance, ("futures_margin_ratio",))
    return chance.choice(
        (
            f"stddev {group}({inner})",
            f"stdvar {group}({inner})",
            f"topk {group}({chance.choice('0123')}, {inner})",
            f"bottomk {group}({chance.choice('123')}, {inner})",
            f"quantile {group}({_share(chance)}, {_selector(chance, _GAUGES)})",
            f"count_values {group}('value', {_selector(chance, _GAUGES)})",
        )
    )


def _relabelled(chance: random.Random, depth: int) -> str:
    inner = _vector(chance, depth - 1)
    return chance.choice(
        (
            f"label_replace({inner}, 'coin', '$1-$2', 'symbol', '(.)(.*)')",
            f"label_replace({inner}, 'symbol', '${{c}}', 'symbol', '(?P<c>[AB]).*')",
            f"label_replace({inner}, 'side', '', 'symbol', '[^A].*')",
            f"label_replace({inner}, '__name__', 'x', 'job', 'engine')",
            f"label_join({inner}, 'both', '/', 'symbol', 'side', 'none')",
        )
    )


def _histogram(chance: random.Random, _: int) -> str:
    buckets = f"futures_order_latency_seconds_bucket{_moved(chance)}"
    grown = f"rate(futures_order_latency_seconds_bucket{_window(chance)})"
    of = chance.choice((buckets, grown, f"sum by (le) ({grown})", "futures_broken_bucket"))
    return f"histogram_quantile({_share(chance)}, {of})"


def _share(chance: random.Random) -> str:
    return chance.choice(("0", "0.1", "0.5", "0.95", "1", "-1", "1.1"))


_Production = Callable[[random.Random, int], str]
_VECTORS: tuple[_Production, ...] = (
    _over_counters,
    _over_ranges,
    _over_ranges,
    _with_parameter_over_range,
    _of_values,
    _of_values,
    _with_numbers,
    _with_number,
    _with_number,
    _matched,
    _lent,
    _sets,
    _aggregated,
    _aggregated,
    _relabelled,
    _histogram,
)
