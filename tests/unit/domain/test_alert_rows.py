from dataclasses import replace

import pytest

from console.domain.alert_book import AlertBook, AlertingRule, Raised, RuleStanding, severity_of
from console.domain.alert_rows import AlertState, alert_rows, by_symbol, rule_alerts
from console.domain.alert_state import Phase
from console.domain.severity import Severity
from console.domain.silences import Acknowledgement, Marks, Silence, parse_matcher
from console.domain.status import Alert

AT = 2000.0
LOW = AlertingRule("g", "Low", "ratio < 1.05", 60, 0, 5, "page", "f:1:1", "<", 1.05, ("ratio",))
BTC = Raised(
    labels=(("alertname", "Low"), ("symbol", "BTC")),
    rule=0,
    phase=Phase.FIRING,
    value=1.03,
    lowest=1.01,
    highest=1.04,
    active_at=1900,
    fired_at=1960,
    annotations=(("summary", "BTC is low"),),
)
ETH = replace(BTC, labels=(("alertname", "Low"), ("symbol", "ETH")))


STANDING = RuleStanding(LOW, AT)


def book(*raised: Raised, marks: Marks | None = None, standing: RuleStanding = STANDING) -> AlertBook:
    return AlertBook((standing,), raised, marks or Marks())


def acknowledged(since: float) -> Marks:
    return Marks(acknowledgements=(Acknowledgement(BTC.labels, "ann", "on it", since, AT + 60),))


def test_a_firing_alert_is_as_bad_as_its_rule_says() -> None:
    (row,) = alert_rows(book(BTC), AT)
    assert (row.state, row.severity, row.symbol, row.since) == (
        AlertState.FIRING,
        Severity.CRITICAL,
        "BTC",
        1960,
    )
    assert (row.summary, row.worst, row.pages) == ("BTC is low", 1.01, True)


@pytest.mark.parametrize(
    ("raised", "state", "severity"),
    [
        (replace(BTC, phase=Phase.PENDING, fired_at=None), AlertState.PENDING, Severity.OK),
        (replace(BTC, phase=Phase.RESOLVED, resolved_at=1990.0), AlertState.RESOLVED, Severity.OK),
        (replace(BTC, phase=Phase.RESOLVED, lost_since=1990.0), AlertState.LOST, Severity.CRITICAL),
        (replace(BTC, lost_since=1990.0), AlertState.LOST, Severity.CRITICAL),
    ],
)
def test_only_what_fires_or_is_lost_is_wrong(raised: Raised, state: AlertState, severity: Severity) -> None:
    (row,) = alert_rows(book(raised), AT)
    assert (row.state, row.severity) == (state, severity)


def test_a_rule_that_fails_or_has_no_data_is_unknown_and_one_that_warms_up_is_neither() -> None:
    fails, lacks = replace(STANDING, error="no such thing"), replace(STANDING, no_data_since=1990.0)
    warms = replace(STANDING, watched=20.0, needed=300.0)
    rows = [alert_rows(book(standing=standing), AT)[0] for standing in (fails, lacks, warms)]
    assert [(row.state, row.severity) for row in rows] == [
        (AlertState.FAILING, Severity.UNKNOWN),
        (AlertState.NO_DATA, Severity.UNKNOWN),
        (AlertState.WARMING, Severity.OK),
    ]
    assert rows[2].summary == "20 s of 5 m are watched"


def test_an_acknowledgement_mutes_and_hides_nothing() -> None:
    (row,) = alert_rows(book(BTC, marks=acknowledged(since=1950)), AT)
    assert (row.muted, row.pages, row.severity) == (True, False, Severity.CRITICAL)


def test_an_acknowledgement_of_an_earlier_alert_mutes_nothing() -> None:
    assert not alert_rows(book(BTC, marks=acknowledged(since=1899)), AT)[0].muted


def test_marks_are_in_the_time_of_day() -> None:
    ahead = replace(book(BTC, marks=acknowledged(since=1950)), wall_ahead=100.0)
    assert not alert_rows(ahead, AT)[0].muted


def test_a_silence_mutes_what_it_matches() -> None:
    silence = Silence("1", (parse_matcher("symbol=ETH"),), "ann", "known", AT - 10, AT + 10)
    rows = alert_rows(book(BTC, ETH, marks=Marks((silence,))), AT)
    assert {row.symbol: row.muted for row in rows} == {"BTC": False, "ETH": True}


def test_the_worst_and_the_oldest_come_first() -> None:
    late, pending = replace(ETH, fired_at=1970), replace(ETH, phase=Phase.PENDING, fired_at=None)
    rows = alert_rows(book(pending, late, BTC), AT)
    assert [(row.symbol, row.state.word) for row in rows] == [
        ("BTC", "firing"),
        ("ETH", "firing"),
        ("ETH", "pending"),
    ]


def test_what_is_wrong_is_told_in_words() -> None:
    lost = replace(ETH, lost_since=1990.0)
    assert list(rule_alerts(alert_rows(book(BTC, lost), AT))) == [
        Alert("Low", Severity.CRITICAL, "BTC is low", "BTC"),
        Alert("Low", Severity.CRITICAL, "LOST WHILE FIRING, its series is gone: BTC is low", "ETH"),
    ]


def test_a_metric_that_is_known_not_to_be_exported_lacks_no_data() -> None:
    told = book(standing=replace(STANDING, no_data_since=1990.0))
    assert not any(row.matters for row in alert_rows(told, AT, frozenset({"ratio", "other"})))
    assert [row.severity for row in alert_rows(told, AT, frozenset({"other"}))] == [Severity.UNKNOWN]


def test_a_symbol_has_what_is_pending_or_wrong() -> None:
    resolved = replace(ETH, phase=Phase.RESOLVED, resolved_at=1990.0)
    pending = replace(BTC, phase=Phase.PENDING, fired_at=None)
    assert {
        symbol: len(rows) for symbol, rows in by_symbol(alert_rows(book(pending, resolved), AT)).items()
    } == {"BTC": 1}


@pytest.mark.parametrize(
    ("label", "severity"),
    [
        ("page", Severity.CRITICAL),
        ("CRITICAL", Severity.CRITICAL),
        ("none", Severity.OK),
        ("", Severity.WARNING),
        ("sev-2", Severity.WARNING),
    ],
)
def test_a_severity_that_nobody_knows_is_a_warning(label: str, severity: Severity) -> None:
    assert severity_of(label) is severity
