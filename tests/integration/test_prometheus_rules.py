"""The states of both rule files' alerts, held to a real Prometheus server's at each of its evaluations.

The server scrapes a paper engine whose scenarios take turns, and evaluates the rules meanwhile. Time is
compressed: every duration of the files is divided by `COMPRESSION`. Afterwards the server is asked for all
that it scraped and for what it said of each alert (the ALERTS series), and the embedded evaluator goes
through the same samples at the same instants.

An evaluation doesn't see a scrape that is stored only after it, however early that was begun. So each group
records, first and last, which scrape is the newest that it sees.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import yaml

from console.domain.alert_state import NEVER_EVALUATED, Phase, RuleState, Terms, evaluated
from console.domain.metrics import Series
from console.promql.alerting import outcome_at
from console.promql.query import Query, parse_query
from console.promql.round import Round
from console.promql.rule_file import AlertRule, RecordingRule, RuleGroup, load_rules
from console.promql.samples import SampleStore
from tests.debian import NoServerError
from tests.integration.paper_process import PaperProcess
from tests.prometheus import Prometheus, do_without, series_of, server, serving
from tests.waiting import eventually

CONFIGS = Path(__file__).parents[2] / "configs"
COMPRESSION = 50
SCRAPED_EVERY = "200ms"
EVALUATED_EVERY = "300ms"
"""The console's 15 s, compressed; the hardened file's groups have intervals of their own."""
FIRST_TOLD = 2
"""The evaluations of a group before a server that has just started records ALERTS."""

Story = tuple[tuple[str, float, frozenset[str]], ...]
"""Scenarios, each with the seconds for which it runs, or until these alerts have fired, if that is later."""
ALWAYS_MET = frozenset(
    {"FuturesMarginCritical", "FuturesSyncError", "FuturesNotANumber", "SourceDown", "Watchdog"}
)
NONE = frozenset[str]()
SHORT: Story = (
    ("margin-squeeze", 6.0, frozenset({"FuturesMarginCritical"})),
    ("sync-errors", 8.0, ALWAYS_MET),
)
LONG: Story = (
    ("calm", 12.0, NONE),
    *((name, 16.0, NONE) for name in ("margin-squeeze", "sync-errors", "liquidation-cascade", "slippage")),
    *((name, 6.0, NONE) for name in ("exchange-outage", "frozen-metrics", "funding-spike", "database-stall")),
    *((name, 6.0, NONE) for name in ("deaf", "forgetful", "calm", "crash")),
)


@pytest.mark.parametrize(
    ("story", "fired"),
    [(SHORT, ALWAYS_MET), pytest.param(LONG, None, marks=pytest.mark.campaign)],
    ids=["short", "campaign"],
)
def test_alerts_are_at_every_evaluation_what_the_server_says(
    tmp_path: Path, story: Story, fired: frozenset[str] | None
) -> None:
    groups, history = told_of_all_rules(tmp_path, story)
    assert [each for group in groups for each in differences(group, history)] == []
    assert min(len(history.evaluations[name_of(group)]) for group in groups) > 30
    expected = fired or {rule.name for group in groups for rule in alert_rules(group)}
    assert expected <= {
        name for (_, name, _), alerts in history.told.items() for alert in alerts if alert[1] == "firing"
    }


def told_of_all_rules(folder: Path, story: Story) -> tuple[list[RuleGroup], "History"]:
    """The groups of both files, and what a server said of them while the story went on."""
    files = [compressed(CONFIGS / name, folder) for name in ("alert_rules.yaml", "alert_rules_hardened.yaml")]
    with PaperProcess(folder / "state") as engine:
        try:
            history = told_by_a_server(folder, files, engine, story)
        except NoServerError as error:
            do_without(error)
    return [group for file in files for group in load_rules(file, history.read_query).groups], history


def compressed(file: Path, into: Path) -> Path:
    """A copy of a rule file with shorter times, its group's name on each alert, and what a group sees."""
    document = yaml.safe_load(file.read_text())
    for group in document["groups"]:
        labels = {"group": f"{file.stem}/{group['name']}"}
        for rule in (group, *group["rules"]):
            rule |= {key: shorter(rule[key]) for key in DURATIONS & rule.keys()}
        for rule in group["rules"]:
            rule["labels"] = {**rule.get("labels", {}), **labels}
        first, last = (
            {
                "record": "newest",
                "expr": "max(timestamp(up)) or vector(0)",
                "labels": {**labels, "place": place},
            }
            for place in ("first", "last")
        )
        group["rules"] = [first, *group["rules"], last]
    copy = into / file.name
    copy.write_text(yaml.safe_dump(document))
    return copy


DURATIONS = {"interval", "for", "keep_firing_for", "expr"}
_UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000}


def shorter(text: str) -> str:
    """The text with its durations compressed, and the seconds that a heartbeat may stand still."""
    text = re.sub(r"(?<=_timestamp_seconds > )\d+", lambda seconds: f"{int(seconds[0]) / COMPRESSION}", text)
    return re.sub(
        r"(?<![\w.])(\d+)([smh])\b",
        lambda found: f"{int(found[1]) * _UNITS[found[2]] // COMPRESSION}ms",
        text,
    )


Told = tuple[tuple[tuple[str, str], ...], str, int]
"""An alert's labels, its state, and since when its condition has held, in seconds."""


@dataclass(frozen=True)
class History:
    """What a server scraped and said, times in seconds.

    `evaluations` are each group's, with the newest scrape that its first and its last rule saw. `told` are
    the alerts by group, rule and evaluation.
    """

    closed: bool
    scrapes: Mapping[float, Mapping[str, Mapping[Series, float]]]
    evaluations: Mapping[str, Mapping[float, tuple[float, ...]]]
    told: Mapping[tuple[str, str, float], set[Told]]

    def read_query(self, text: str) -> Query:
        """The query with this server's ranges: before 3.0 a sample on their left bound counts, too."""
        closed = re.sub(r"\[(\d+)ms\]", lambda found: f"[{int(found[1]) + 1}ms]", text)
        return parse_query(closed if self.closed else text)


def told_by_a_server(folder: Path, files: list[Path], engine: PaperProcess, story: Story) -> History:
    relay = Relay(engine)
    with (
        serving(relay.page) as target,
        server(folder, target, SCRAPED_EVERY, rules=files, evaluation=EVALUATED_EVERY) as running,
    ):
        engine.scenario(story[0][0])
        eventually(lambda: relay.pages)
        for name, seconds, fires in story:
            engine.scenario(name)
            time.sleep(seconds)
            eventually(partial(have_fired, running, fires), every=0.2)
        return history_of(running)


def have_fired(running: Prometheus, alerts: frozenset[str]) -> bool:
    """Whether all of these have fired by now."""
    rows = running.query('count_over_time(ALERTS{alertstate="firing"}[1h])', time.time())
    return alerts <= {row["metric"]["alertname"] for row in rows}


def history_of(running: Prometheus) -> History:
    """What the server knows. Evaluations come first: what those saw and said has been stored by then."""
    at = time.time()
    evaluations: dict[str, dict[float, tuple[float, ...]]] = {}
    for row in running.query("newest[1h]", at):
        seen = evaluations.setdefault(row["metric"]["group"], {})
        for when, value in row["values"]:
            seen[when] = (*seen.get(when, ()), float(value))
    told = told_in(running.query('{__name__=~"ALERTS|ALERTS_FOR_STATE"}[1h]', at))
    scrapes: dict[float, dict[str, dict[Series, float]]] = {}
    for row in running.query('{__name__=~"up|futures_.+|opsconsole_.+"}[1h]', at):
        series = series_of(row["metric"])
        for when, value in row["values"]:
            scrapes.setdefault(when, {}).setdefault(series.name, {})[series] = float(value)
    version = running.get("status/buildinfo")["data"]["version"]
    return History(version.startswith("2."), scrapes, evaluations, told)


def told_in(rows: list[dict[str, Any]]) -> Mapping[tuple[str, str, float], set[Told]]:
    """The alerts by group, rule and evaluation, in the samples of ALERTS and ALERTS_FOR_STATE."""
    since = {
        (labels_of(row), when): int(value)
        for row in rows
        if "alertstate" not in row["metric"]
        for when, value in row["values"]
    }
    told: dict[tuple[str, str, float], set[Told]] = {}
    for row in rows:
        metric, labels = row["metric"], labels_of(row)
        for when, _ in row["values"] if "alertstate" in metric else ():
            alert = (labels, metric["alertstate"], since[labels, when])
            told.setdefault((metric["group"], metric["alertname"], when), set()).add(alert)
    return told


def labels_of(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(item for item in row["metric"].items() if item[0] not in ("__name__", "alertstate")))


def differences(group: RuleGroup, history: History) -> list[object]:
    """Where the embedded evaluator says something else of a rule's alerts than the server did.

    Which scrape a rule saw may show only later: an alert that goes on after its condition looks the same with
    it. So each rule has all the states that agree with what was told so far.
    """
    rules = alert_rules(group)
    store = SampleStore(
        set().union(*(query.ranged for rule in rules for query in (rule.query, *rule.watched)))
    )
    to_come = sorted(history.scrapes.items(), reverse=True)
    possible = {rule: [NEVER_EVALUATED] for rule in rules}
    found: list[object] = []
    for number, (at, seen) in enumerate(sorted(history.evaluations[name_of(group)].items())):
        while to_come and to_come[-1][0] <= min(seen):
            store.append(*to_come.pop())
        views = [{rule: after(states, rule, store, at) for rule, states in possible.items()}]
        while to_come and to_come[-1][0] <= max(seen):  # came in meanwhile: a rule saw it, or not yet
            store.append(*to_come.pop())
            views.append({rule: after(states, rule, store, at) for rule, states in possible.items()})
        for rule in rules:
            theirs = history.told.get((name_of(group), rule.name, at), set())
            states = [state for view in views for state in view[rule]]
            agreeing = [state for state in states if told_of(state) == theirs]
            if not agreeing and number >= FIRST_TOLD and len(seen) == 2:
                found.append((rule.name, at, [told_of(state) for state in states], theirs))
            possible[rule] = list({standing_of(state): state for state in agreeing or states}.values())
    return found


def after(states: list[RuleState], rule: AlertRule, store: SampleStore, at: float) -> list[RuleState]:
    terms, outcome = Terms(rule.hold, rule.keep_firing_for), outcome_at(rule, Round(store, at))
    return [evaluated(state, terms, outcome, at) for state in states]


def standing_of(state: RuleState) -> frozenset[object]:
    """What decides how a state goes on: those that have it in common are one."""
    return frozenset(
        (alert.labels, alert.phase, alert.active_at, alert.quiet_since)
        for alert in state.alerts.values()
        if alert.phase is not Phase.RESOLVED
    )


def told_of(state: RuleState) -> set[Told]:
    return {
        (alert.labels, alert.phase.value, int(alert.active_at))
        for alert in state.alerts.values()
        if alert.phase is not Phase.RESOLVED
    }


def alert_rules(group: RuleGroup) -> list[AlertRule]:
    return [rule for rule in group.rules if isinstance(rule, AlertRule)]


def name_of(group: RuleGroup) -> str:
    """As the server knows it, together with its file."""
    first = group.rules[0]
    assert isinstance(first, RecordingRule)
    return dict(first.labels)["group"]


class Relay:
    """The engine's metrics, and what the console measures itself; now this is wrong with them, now that.

    Counters of 0 are left out, so that each is born at more, and they begin again after 2.
    """

    def __init__(self, engine: PaperProcess) -> None:
        self.pages = 0
        self._engine = engine
        self._random = Random(7)
        self._trouble = ""
        self._to_come: list[str] = []
        self._failures = self._refusals = 0

    def page(self) -> str | None:
        if self.pages % TROUBLED_PAGES == 0:
            self._to_come = self._to_come or self._random.sample(TROUBLES, len(TROUBLES))
            self._trouble = self._to_come.pop()
        self.pages += 1
        if self._trouble == "no answer":
            return None
        try:
            lines = self._engine.get("/metrics").text.splitlines()
        except httpx.TransportError:
            lines = []
        if self._trouble == "engine gone":
            lines = []
        passed = (self._passed(line) for line in lines if not line.startswith("#"))
        return "\n".join([*(line for line in passed if line), *self._measured(up=bool(lines)), ""])

    def _passed(self, line: str) -> str:
        """The line as it is passed on, empty where it is not."""
        series, _, value = line.rpartition(" ")
        is_ratio = series.startswith("futures_margin_ratio")
        if series.startswith(("futures_sync_errors_total", "futures_liquidations_total")):
            count = int(value) % 3
            return f"{series} {count}" if count else ""
        if (is_ratio and self._trouble == "no ratios") or ("/" in series and self._trouble == "symbols gone"):
            return ""
        return f"{series} NaN" if is_ratio and self._trouble == "no numbers" else line

    def _measured(self, *, up: bool) -> Iterator[str]:
        trouble = self._trouble
        self._failures += trouble == "database down"
        self._refusals += trouble == "openings fail"
        yield f'opsconsole_up{{source="metrics"}} {int(up)}'
        yield f'opsconsole_up{{source="database"}} {int(trouble != "database down")}'
        yield f'opsconsole_connection_failures_total{{source="database"}} {self._failures}'
        yield f'opsconsole_openings_failed_total{{account="3"}} {self._refusals}'
        if trouble != "database down":
            yield f"opsconsole_books_still {int(trouble == 'poor')}"
            yield f"opsconsole_database_response_seconds {1.5 if trouble == 'database slow' else 0.004}"
            yield f'opsconsole_account_equity{{account="3"}} {99.5 if trouble == "poor" else 100.5}'
            yield 'opsconsole_open_positions{account="3",symbol="ADA/USD"} 1'


TROUBLED_PAGES = 8
TROUBLES = (
    *("no answer", "engine gone", "symbols gone", "no ratios", "no numbers"),
    *("database down", "database slow", "openings fail", "poor"),
)
