"""What `status` prints, from assessments that the tests make up."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime

from console.cli.report import as_json, as_text, kill_answer_lines
from console.domain.assessment import Assessment
from console.domain.silences import Acknowledgement, Marks
from console.domain.triggers import SYNC_ERRORS, Judgement, Standing
from tests.unit.domain.ruled import MARGIN_RULE, book, labels_of, raised, ruled
from tests.unit.domain.trips import KNOWN, world
from tests.unit.domain.worlds import BOOKS, NOW, account, answered, healthy, judged, metrics, of


def with_margin(**values: float) -> Assessment:
    return judged(replace(healthy(), metrics=answered("metrics", metrics(margin=of("", **values)))))


def test_the_first_line_is_the_plugins() -> None:
    assert as_text(judged(healthy()), "prod", "production").splitlines()[0] == (
        "OK - prod (production): 2 symbols, no alerts"
    )
    critical = as_text(with_margin(BTC=2.0, SOL=1.0), "prod", "production").splitlines()[0]
    assert critical == "CRITICAL - prod (production): 2 symbols, 1 alert; Margin Ratio SOL: 1.000 below 1.05"
    both = as_text(with_margin(BTC=1.4, SOL=1.0), "prod", "production").splitlines()[0]
    assert ": 2 symbols, 2 alerts, 1 of them critical; Margin Ratio SOL" in both


def test_json_holds_no_number_that_json_does_not_know() -> None:
    text = as_json(with_margin(BTC=math.nan, SOL=math.inf), "prod", "production", NOW)
    document = json.loads(text, parse_constant=lambda constant: (_ for _ in ()).throw(ValueError(constant)))
    margin = document["symbols"]["BTC"]["values"]["margin_ratio"]
    assert (margin["value"], margin["severity"], margin["reason"]) == (None, "unknown", "not a number")


def test_json_says_when_and_how_it_is() -> None:
    document = json.loads(as_json(judged(healthy()), "prod", "production", NOW))
    assert datetime.fromisoformat(document["time"]) == datetime.fromtimestamp(NOW, UTC)
    assert (document["severity"], document["exit_code"]) == ("ok", 0)


def test_money_is_told_to_the_last_place() -> None:
    books = replace(BOOKS, accounts=(account(2, "12345678901234.12345678"),))
    document = json.loads(
        as_json(judged(replace(healthy(), database=answered("database", books))), "p", "p", NOW)
    )
    assert document["accounts"][0]["total_equity"] == "12345678901234.12345678"


def test_json_tells_what_is_known_of_a_symbol_beside_its_panels() -> None:
    document = json.loads(as_json(judged(healthy()), "prod", "production", NOW))
    symbol = document["symbols"]["BTC"]
    assert (symbol["side"], symbol["quantity"], symbol["mark_price"]) == ("LONG", "1", 100.0)
    assert (symbol["next_funding"], symbol["margin_direction"], symbol["doubts"]) == (None, None, {})
    assert document["engine"]["uptime"] == 60.0


def test_json_tells_the_kill_switch_with_its_grounds_and_what_is_left() -> None:
    told = json.loads(as_json(judged(world()), "prod", "production", NOW))["kill_switch"]
    assert (told["state"], told["title"], told["acknowledged"]) == ("tripped", "TRIPPED", True)
    assert told["surfaces"]["flag file"] is True
    assert told["fills"] == {"value": 0.0, "age": 0.5, "doubt": ""}
    assert told["last_trip"]["reason"] == "test"
    assert told["aftermath"]["resting_orders"] == {"value": None, "age": 0.5, "doubt": "no keys for it"}


def test_text_tells_who_tripped_it_and_what_is_left_while_the_trip_stands() -> None:
    lines = as_text(judged(world()), "prod", "production").splitlines()
    begin = lines.index("kill switch  TRIPPED: the engine says so, and no fill since")
    assert lines[begin + 1 : begin + 8] == [
        "  tripped 2027-01-15 07:59:50+00:00 by dana: test",
        "  flag file        done",
        "  database         done",
        "  fills            0, 0.5 s ago",
        "  resting orders   unknown: no keys for it",
        "  open at exchange unknown: no keys for it",
        "  open in books    2, 0.5 s ago",
    ]


def test_each_ground_of_the_kill_switch_has_its_age() -> None:
    assert list(kill_answer_lines(judged(world()))) == [
        "engine           tripped, 0.5 s ago",
        "flag file        set, 0.5 s ago",
        "state file       not set, 0.5 s ago",
        "feature flags    not set, 0.5 s ago",
        "database         not set, 0.5 s ago",
        "fills since      0, 0.5 s ago",
        "resting orders   unknown: no keys for it",
        "open at exchange unknown: no keys for it",
        "open in books    2, 0.5 s ago",
    ]


def test_an_engine_that_says_nothing_of_its_kill_switch_is_unknown() -> None:
    first = next(iter(kill_answer_lines(judged(world(None)))))
    assert first == "engine           unknown: not exported"


def test_a_trip_that_was_reset_is_not_told_in_text() -> None:
    over = world(0.0, replace(KNOWN, reset=NOW - 5))
    assert " by dana" not in as_text(judged(over), "prod", "production")


def test_json_tells_what_the_rules_say_and_how_the_triggers_stand() -> None:
    document = json.loads(as_json(ruled(book(raised(MARGIN_RULE))), "prod", "production", NOW))
    (row,) = document["alert_rules"]
    assert (row["name"], row["symbol"], row["state"], row["severity"]) == (
        "MarginCritical",
        "BTC",
        "firing",
        "critical",
    )
    assert (row["value"], row["since"], row["muted"]) == (1.01, "2027-01-15T07:58:00Z", False)
    liquidation = document["triggers"][0]
    assert (liquidation["key"], liquidation["standing"]) == ("liquidation", "unknown")
    assert liquidation["procedure"] == "Pause, investigate"


def test_what_somebody_has_taken_on_is_told_as_muted() -> None:
    mark = Acknowledgement(labels_of(MARGIN_RULE, "BTC"), "alice", "on it", NOW - 60, NOW + 60)
    taken_on = ruled(book(raised(MARGIN_RULE), marks=Marks(acknowledgements=(mark,))))
    assert "  critical  muted: MarginCritical BTC: " in as_text(taken_on, "prod", "production")
    document = json.loads(as_json(taken_on, "prod", "production", NOW))
    assert [alert["muted"] for alert in document["alerts"]] == [True]
    assert document["alert_rules"][0]["acknowledged"] == {
        "labels": {"alertname": "MarginCritical", "severity": "critical", "symbol": "BTC"},
        "by": "alice",
        "reason": "on it",
        "since": "2027-01-15T07:59:00Z",
        "until": "2027-01-15T08:01:00Z",
    }


def test_text_tells_the_triggers_that_are_not_clear() -> None:
    lines = as_text(ruled(book()), "prod", "production").splitlines()
    assert lines[lines.index("rollback triggers") :] == [
        "rollback triggers",
        "  unknown  Unexpected liquidation: nothing has been read yet",
        "  unknown  Position sync errors > 5/min: nothing has been read yet",
        "  unknown  Slippage > 20 bps consistently: nothing has been read yet",
        "  unknown  Multiple margin calls: nothing has been read yet",
        "  1 of 5 are clear",
    ]


def test_a_rollback_trigger_that_is_met_is_critical_though_no_alert_is() -> None:
    live = ruled(book())
    met = Judgement(SYNC_ERRORS, Standing.MET, "9 in the last minute")
    told = replace(live, ruled=replace(live.ruled, triggers=(met,)))
    assert as_text(told, "prod", "production").splitlines()[0] == (
        "CRITICAL - prod (production): 2 symbols, no alerts; "
        "rollback trigger met: Position sync errors > 5/min: 9 in the last minute"
    )
    document = json.loads(as_json(told, "prod", "production", NOW))
    assert (document["severity"], document["exit_code"]) == ("critical", 2)


def test_without_rules_there_are_no_triggers_to_tell() -> None:
    assert "rollback triggers" not in as_text(judged(healthy()), "prod", "production")


def test_foreign_text_is_inert() -> None:
    symbol = "\x1b[2J[red]\u202eBTC"
    shown = as_text(with_margin(**{symbol: 1.0}), "prod", "production")
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "\\x1b[2J[red]\\u202eBTC" in shown


def test_many_alerts_are_cut_and_counted() -> None:
    shown = as_text(with_margin(**{f"S{number}": 1.0 for number in range(30)}), "prod", "production")
    assert "… and " in shown
    assert len(shown.splitlines()) < 50
