"""Each hole is shown twice: the linter names it, and a simulation of the rule falls into it."""

import math
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from console.domain.alert_state import NEVER_EVALUATED, Phase, RuleState, Terms, evaluated
from console.domain.metrics import Series
from console.promql.alerting import outcome_at
from console.promql.lint import Finding, lint
from console.promql.round import Round
from console.promql.rule_file import AlertRule, Intervals, RuleFile, load_rules, rules_of
from console.promql.samples import SampleStore
from console.settings_file import shipped_configs
from console.yaml_file import parse_document

EVERY_15_S = Intervals(scrape=15, evaluation=15)
Scrape = Callable[[float], Mapping[str, float]]
"""What the metrics are at a time, in seconds: no metric that isn't exported then."""


def file_of(*rules: str) -> RuleFile:
    """A file with a rule for each `expression; for; label`, the last two optional."""
    lines = ["groups:", "- name: g", "  rules:"]
    for number, rule in enumerate(rules):
        expression, hold, label = (*rule.split(";"), "0s", "x")[:3]
        lines += [f"  - alert: R{number}", f"    expr: {expression!r}", f"    for: {hold.strip()}"]
        lines += [f"    labels: {{kind: {label.strip()!r}}}"]
    return rules_of(parse_document("\n".join(lines), "rules.yaml"))


def found(*rules: str, intervals: Intervals = EVERY_15_S) -> list[Finding]:
    return list(lint(file_of(*rules), intervals))


def holes(
    *rules: str, intervals: Intervals = EVERY_15_S, but: tuple[str, ...] = ("death", "birth", "nan")
) -> list[str]:
    """The holes that are found, but for those that every short rule has."""
    return [finding.hole for finding in found(*rules, intervals=intervals) if finding.hole not in but]


def states(
    rule: str | AlertRule,
    scraped: Scrape,
    *,
    lasts: float,
    intervals: Intervals = EVERY_15_S,
    phase: float = 0.0,
) -> list[RuleState]:
    """The rule's state at each evaluation, which come `phase` seconds after the scrapes."""
    one = file_of(rule).groups[0].rules[0] if isinstance(rule, str) else rule
    assert isinstance(one, AlertRule)
    store = SampleStore({*one.query.ranged})
    terms, state, told = Terms(one.hold, one.keep_firing_for), NEVER_EVALUATED, []
    scrapes = [("scrape", at * intervals.scrape) for at in range(int(lasts / intervals.scrape))]
    count = int(lasts / intervals.evaluation)
    evaluations = [("evaluate", at * intervals.evaluation + phase) for at in range(count)]
    for what, at in sorted(scrapes + evaluations, key=lambda event: (event[1], event[0] == "evaluate")):
        if what == "scrape":
            samples = {named(text): value for text, value in scraped(at).items()}
            store.append(1000 + at, {series.name: {series: value} for series, value in samples.items()})
        else:
            state = evaluated(state, terms, outcome_at(one, Round(store, 1000 + at)), 1000 + at)
            told.append(state)
    return told


def named(text: str) -> Series:
    """The series of `name` or of `name source=metrics`."""
    name, *labels = text.split()
    return Series(name, tuple((label, value) for label, _, value in (one.partition("=") for one in labels)))


def fires(told: list[RuleState]) -> bool:
    return any(alert.phase is Phase.FIRING for state in told for alert in state.alerts.values())


def burst(at: float) -> Mapping[str, float]:
    """A counter that has been there for long, and grows by a million between two scrapes."""
    return {"x_total": 7.0 if at < 600 else 1_000_007.0}


PHASES = (0.0, 0.1, 7.0, 14.9)


@pytest.mark.parametrize("hold", [271, 285, 300, 600])
def test_a_burst_that_is_over_before_for_can_not_fire(hold: int) -> None:
    rule = f"rate(x_total[5m]) > 0; {hold}s"
    (finding,) = (one for one in found(rule) if one.hole == "burst")
    assert finding.words.startswith(
        "a single burst, however large, can't fire: it is seen for less than 4m45s"
    )
    assert not any(fires(states(rule, burst, lasts=2000, phase=phase)) for phase in PHASES)


@pytest.mark.parametrize("hold", [0, 30, 240, 255])
def test_a_burst_that_outlasts_for_always_fires(hold: int) -> None:
    rule = f"rate(x_total[5m]) > 0; {hold}s"
    assert holes(rule) == []
    assert all(fires(states(rule, burst, lasts=2000, phase=phase)) for phase in PHASES)


def test_a_burst_that_is_seen_for_less_than_an_evaluation_fires_by_chance() -> None:
    rule, intervals = "rate(x_total[1m]) > 0", Intervals(scrape=15, evaluation=60)
    told = [one.words for one in found(rule, intervals=intervals) if one.hole == "burst"]
    assert told == ["a single burst fires only by chance: it is seen for less than 45s"]
    shown = {
        fires(states(rule, burst, lasts=2000, intervals=intervals, phase=phase)) for phase in (0.0, 50.0)
    }
    assert shown == {True, False}


@pytest.mark.parametrize(
    "expression",
    [
        "increase(x_total[5m]) > 3",
        "sum(rate(x_total[5m])) > 0",
        "60 * rate(x_total[5m]) >= 5",
        "0 < increase(x_total[5m])",
        "increase(x_total[5m]) != 0",
        "x_total >= 0 and increase(x_total[5m]) > 0",
    ],
)
def test_a_burst_is_followed_through_sums_and_factors(expression: str) -> None:
    rule = f"{expression}; 5m"
    assert "burst" in holes(rule)
    assert not fires(states(rule, burst, lasts=2000))


def test_a_comparison_that_needs_no_growth_is_met_without_a_burst() -> None:
    rule = "increase(x_total[5m]) >= 0; 5m"
    assert holes(rule) == []
    assert fires(states(rule, burst, lasts=2000))


def test_what_or_adds_may_catch_the_burst_so_nothing_is_said() -> None:
    assert holes("increase(x_total[5m]) > 0 or x_total > 1e6; 5m") == []


def test_a_counter_that_is_born_at_1_has_not_increased() -> None:
    rule = "increase(x_total[1h]) > 0"
    assert [finding.hole for finding in found(rule) if finding.hole == "birth"] == ["birth"]
    assert not fires(states(rule, lambda at: {"x_total": 1.0} if at > 300 else {}, lasts=1200))


def test_an_exporter_that_dies_resolves_the_alert() -> None:
    rule = "x < 1.05; 1m"
    (finding,) = (one for one in found(rule) if one.hole == "death")
    assert finding.words == "when the exporter of x dies, the alert resolves and nothing else fires"
    told = states(rule, lambda at: {"x": 1.0} if at < 300 else {}, lasts=600)
    assert fires(told)
    assert not fires(told[-10:])


def test_what_stands_in_for_a_missing_series_outlives_the_exporter() -> None:
    rule = "(sum(x) or vector(0)) < 1"
    assert holes(rule, but=()) == []
    assert fires(states(rule, lambda at: {"x": 5.0} if at < 300 else {}, lasts=600))


@pytest.mark.parametrize(
    ("hold", "interval", "delay"), [("30s", 60, "2m"), ("1m", 45, "2m15s"), ("10s", 15, "30s")]
)
def test_a_for_is_rounded_up_to_evaluations(hold: str, interval: int, delay: str) -> None:
    rule, intervals = f"x < 1; {hold}", Intervals(scrape=1, evaluation=interval)
    (finding,) = (one for one in found(rule, intervals=intervals) if one.hole == "rounding")
    assert f"it fires up to {delay} after the condition begins" in finding.words


def test_a_for_of_30_seconds_takes_up_to_two_minutes() -> None:
    intervals = Intervals(scrape=1, evaluation=60)

    def begins_at(begin: int) -> float:
        told = states(
            "x < 1; 30s", lambda at: {"x": 0.0 if at >= begin else 9.0}, lasts=400, intervals=intervals
        )
        fired = next(state for state in told if fires([state]))
        return (fired.evaluated_at or 0.0) - 1000 - begin

    assert [begins_at(begin) for begin in (61, 90, 120)] == [119, 90, 60]


def test_a_for_of_whole_evaluations_is_not_rounded() -> None:
    assert holes("x < 1; 30s") == []
    assert holes("x < 1; 3300ms", intervals=Intervals(scrape=1, evaluation=1.1)) == []


def test_a_value_of_nan_fires_nothing() -> None:
    rule = "x < 1.05; 15s"
    assert [finding.hole for finding in found(rule) if finding.hole == "nan"] == ["nan"]
    assert not fires(states(rule, lambda _: {"x": math.nan}, lasts=300))


def test_zero_divided_by_zero_fires_nothing() -> None:
    assert holes("x / 0 > 5") == ["division"]
    assert not fires(states("x / 0 > 5", lambda _: {"x": 0.0}, lasts=100))


def test_a_share_of_nothing_fires_nothing_unless_nothing_has_a_rule_of_its_own() -> None:
    rule = "x / y > 0.1"
    assert holes(rule) == ["division"]
    assert not fires(states(rule, lambda _: {"x": 0.0, "y": 0.0}, lasts=100))
    assert holes(rule, "y == 0") == []


@pytest.mark.parametrize("rule", ['x{a="1", a="2"} > 0', 'x{a="1", a!="1"} > 0'])
def test_matchers_that_contradict_one_another_select_nothing(rule: str) -> None:
    assert holes(rule) == ["matchers"]
    assert not fires(states(rule, lambda _: {"x": 5.0}, lasts=100))


@pytest.mark.parametrize("rule", ["count(x) == 0", "count(x) < 1", "increase(x[5m]) < 0", "x > NaN"])
def test_a_comparison_that_never_holds_is_named(rule: str) -> None:
    assert "impossible" in holes(rule)
    assert not fires(states(rule, lambda at: {"x": 5.0 - at / 100} if at < 300 else {}, lasts=600))


@pytest.mark.parametrize("rule", ["x != NaN", "x / 0 != 5"])
def test_nan_differs_from_everything(rule: str) -> None:
    assert holes(rule) == []
    assert fires(states(rule, lambda _: {"x": 0.0}, lasts=100))


@pytest.mark.parametrize("rule", ["count(x) > 3", "increase(x[5m]) >= 0", "x == 0"])
def test_a_comparison_that_can_hold_is_not(rule: str) -> None:
    assert "impossible" not in holes(rule)


def test_a_window_without_two_samples_tells_nothing() -> None:
    minute = Intervals(scrape=60, evaluation=15)
    assert "window" in holes("rate(x[1m]) > 0", intervals=minute)
    growing = states("rate(x[1m]) > 0", lambda at: {"x": at}, lasts=1200, intervals=minute, phase=3)
    assert not fires(growing)
    assert "window" not in holes("rate(x[5m]) > 0", intervals=minute)


def test_a_label_that_holds_the_value_never_reaches_its_for() -> None:
    rule = "x > 0; 1m; {{ $value }}"
    assert holes(rule) == ["identity"]
    assert not fires(states(rule, lambda at: {"x": at + 1}, lasts=600))
    assert holes("x > 0; 1m; {{ $labels.symbol }}") == []


def test_the_documents_rules_have_the_holes_that_are_known() -> None:
    rules = load_rules(shipped_configs() / "alert_rules.yaml")
    told = lint(rules, Intervals(scrape=15, evaluation=60))
    assert [(one.rule.removeprefix("Futures"), one.hole) for one in told] == [
        ("MarginCritical", "death"),
        ("MarginCritical", "nan"),
        ("LiquidationImminent", "death"),
        ("LiquidationImminent", "rounding"),
        ("LiquidationImminent", "nan"),
        ("SyncError", "burst"),
        ("SyncError", "birth"),
        ("SyncError", "death"),
        ("HighSlippage", "death"),
        ("HighSlippage", "nan"),
    ]
    assert str(told[5]) == (
        f"{shipped_configs() / 'alert_rules.yaml'}:22:15: FuturesSyncError: a single burst, however large, "
        "can't fire: it is seen for less than 4m45s, and for 5m takes 5m; leave out for, and keep the alert "
        "with keep_firing_for"
    )


ENGINE = "opsconsole_up source=metrics"
ERRORS = "futures_sync_errors_total"
FAILURES = "opsconsole_connection_failures_total source=database"


@cache
def hardened() -> RuleFile:
    return load_rules(shipped_configs() / "alert_rules_hardened.yaml")


def test_the_hardened_rules_have_no_hole_that_is_known() -> None:
    assert [str(finding) for finding in lint(hardened(), Intervals(scrape=5, evaluation=60))] == []


@pytest.mark.parametrize(
    ("name", "scraped", "expected"),
    [
        ("FuturesSyncError", lambda at: {ENGINE: 1, ERRORS: 0 if at < 500 else 1}, True),
        ("FuturesSyncError", lambda at: {ENGINE: 1, **({ERRORS: 1} if at > 500 else {})}, True),
        ("FuturesSyncError", lambda _: {ENGINE: 1, ERRORS: 17}, False),
        (
            "FuturesLiquidated",
            lambda at: {ENGINE: 1, **({"futures_liquidations_total": 1} if at > 500 else {})},
            True,
        ),
        ("SourceDown", lambda at: {ENGINE: float(at < 500)}, True),
        ("FuturesNotANumber", lambda _: {"futures_margin_ratio": math.nan}, True),
        ("FuturesNotANumber", lambda _: {"futures_margin_ratio": 1.0}, False),
        ("FuturesMarginUnknown", lambda _: {ENGINE: 1, "opsconsole_open_positions": 2}, True),
        (
            "FuturesMarginUnknown",
            lambda _: {ENGINE: 1, "opsconsole_open_positions": 2, "futures_margin_ratio": 9},
            False,
        ),
        ("FuturesMarginUnknown", lambda _: {ENGINE: 1, "opsconsole_open_positions": 0}, False),
        ("FuturesMarginUnknown", lambda _: {ENGINE: 0, "opsconsole_open_positions": 2}, False),
        ("FuturesEngineStill", lambda at: {"futures_heartbeat_timestamp_seconds": 1000 + min(at, 500)}, True),
        ("FuturesEngineStill", lambda at: {"futures_heartbeat_timestamp_seconds": 1000 + at}, False),
        ("CoinConnectionFailures", lambda at: {FAILURES: 0 if at < 20 else 6}, True),
        ("CoinConnectionFailures", lambda at: {FAILURES: 0 if at < 20 else 5}, False),
        ("CoinEquityLow", lambda _: {"opsconsole_account_equity account=3": 99.99}, True),
        ("CoinEquityLow", lambda _: {"opsconsole_account_equity account=2": 99.99}, False),
        ("DatabaseSlow", lambda _: {"opsconsole_database_response_seconds": 1.5}, True),
        ("Watchdog", lambda _: {}, True),
    ],
)
def test_the_hardened_rules_catch_what_they_are_for(name: str, scraped: Scrape, expected: bool) -> None:
    (rule,) = (one for _, one in hardened().rules if isinstance(one, AlertRule) and one.name == name)
    told = states(rule, scraped, lasts=700, intervals=Intervals(scrape=5, evaluation=5))
    assert fires(told) is expected
