from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.promql.rule_file import (
    AlertRule,
    RecordingRule,
    RuleFile,
    RuleFileError,
    load_rules,
    parse_duration,
)
from console.settings_file import shipped_configs

GOOD = """\
groups:
  - name: one
    interval: 30s
    rules:
      - alert: Low
        expr: x < 1
        for: 1m
        keep_firing_for: 2m
        labels:
          severity: page
        annotations:
          summary: "x is {{ $value }}"
      - record: job:x:sum
        expr: sum(x)
        labels: {kind: total}
"""


def load(tmp_path: Path, text: str) -> RuleFile:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    return load_rules(file)


def alerts(rules: RuleFile) -> list[AlertRule]:
    return [rule for _, rule in rules.rules if isinstance(rule, AlertRule)]


def test_the_documents_four_rules_are_read() -> None:
    rules = load_rules(shipped_configs() / "alert_rules.yaml")
    assert [(rule.name, rule.query.text, rule.hold) for rule in alerts(rules)] == [
        ("FuturesMarginCritical", "futures_margin_ratio < 1.05", 60),
        ("FuturesLiquidationImminent", "futures_margin_ratio < 1.02", 30),
        ("FuturesSyncError", "rate(futures_sync_errors_total[5m]) > 0", 300),
        ("FuturesHighSlippage", "futures_slippage_bps > 10", 300),
    ]


def test_a_rule_file_says_all_there_is_to_a_rule(tmp_path: Path) -> None:
    group = load(tmp_path, GOOD).groups[0]
    low, total = group.rules
    assert (group.name, group.interval, group.query_offset) == ("one", 30, 0)
    assert isinstance(low, AlertRule)
    assert (low.hold, low.keep_firing_for, str(low.place)) == (60, 120, "6:15")
    assert [(name, template.text) for name, template in low.labels] == [("severity", "page")]
    assert [(name, template.text) for name, template in low.annotations] == [("summary", "x is {{ $value }}")]
    assert isinstance(total, RecordingRule)
    assert (total.name, total.query.text, total.labels) == ("job:x:sum", "sum(x)", (("kind", "total"),))


def test_a_groups_labels_are_every_rules_and_a_rules_own_win(tmp_path: Path) -> None:
    text = GOOD.replace("    interval: 30s\n", "    labels: {severity: info, team: ops}\n")
    assert [(name, told.text) for name, told in alerts(load(tmp_path, text))[0].labels] == [
        ("severity", "page"),
        ("team", "ops"),
    ]


@pytest.mark.parametrize("text", ["groups:\n", "groups: []\n"])
def test_a_file_may_have_no_groups(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).groups == ()


@pytest.mark.parametrize(
    ("expression", "watched"),
    [
        ("x < 1", "x"),
        ("1 > x", "x"),
        ("(rate(x[5m]) > 0)", "rate(x[5m])"),
        ("sum by (a) (x) >= 2", "sum by (a) (x)"),
        ("x == bool 1", ""),
        ("x < 1 and y", "x"),
        ("x < 1 unless y > 2", "x"),
        ("x < 1 or y > 2", "x, y"),
        ("x < 1 or absent(y)", ""),
        ("absent(y) or x < 1", ""),
        ("x", ""),
    ],
)
def test_a_rule_knows_what_it_watches(tmp_path: Path, expression: str, watched: str) -> None:
    found = alerts(load(tmp_path, GOOD.replace("x < 1", expression, 1)))[0].watched
    assert ", ".join(query.text for query in found) == watched


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("groups:", "group:", "1:1: a rule file has a list of groups under 'groups'"),
        ("groups:", "x: 1\ngroups:", "1:1: 'x' is not known in a rule file; allowed: groups"),
        (
            "    interval",
            "    intervall",
            "3:5: 'intervall' is not known in a group; allowed: name, interval",
        ),
        ("        for", "        fore", "7:9: 'fore' is not known in an alerting rule; allowed: alert, expr"),
        (
            "labels: {kind",
            "for: {kind",
            "15:9: 'for' is not known in a recording rule; allowed: record, expr",
        ),
        ("    interval: 30s", "    limit: 3", "3:12: a limit clears every alert"),
        (
            "interval: 30s",
            "interval: 30",
            "3:15: interval: '30' is no duration: write whole numbers with units",
        ),
        ("for: 1m", "for: 1.5m", "7:14: for: '1.5m' is no duration"),
        ("for: 1m", "for: -1m", "7:14: for: '-1m' is no duration"),
        ("keep_firing_for: 2m", "keep_firing_for: 2x", "8:26: keep_firing_for: '2x' is no duration"),
        ("name: one", "name: ''", "2:11: a group needs a name under 'name', as text"),
        ("alert: Low", "alert: 3", "5:16: an alerting rule needs a name under 'alert', as text"),
        ("alert: Low", "alert: Low\n        record: y", "5:9: a rule has either 'alert' or 'record'"),
        ("record: job:x:sum", "record: x{a=1}", "13:17: 'x{a=1}' is no metric's name"),
        ("expr: x < 1", "expr: ''", "6:15: a rule needs an expr, as text"),
        ("expr: x < 1", "expr: x <", "6:15: 'x <': "),
        ("expr: x < 1", "expr: no_such_function(x)", "6:15: 'no_such_function(x)': "),
        ("severity: page", "severity: 1", "10:21: severity is text: write 1 in quotes as you mean it"),
        ("severity: page", "severity: off", "10:21: severity is text: write False in quotes"),
        ("severity: page", "alertname: A", "10:11: alertname is the rule's own name and can't be set"),
        ("severity: page", "__name__: a", "10:11: __name__ is the rule's own name and can't be set"),
        ("severity: page", "1: a", "10:11: 1 is no name: write it in quotes"),
        ("{{ $value }}", "{{ $valeu }}", "12:20: {{ $valeu }}: '$valeu' is not known here; allowed: $labels"),
        ("severity: page", "severity: '{{ page }}'", "10:21: {{ page }}: 'page' is not known here"),
        ("    interval: 30s", "    labels: {a: '{{ b }}'}", "3:17: {{ b }}: 'b' is not known here"),
        ("          severity: page", "          - page", "10:11: labels are a mapping of names to texts"),
        ("      - record: job:x:sum", "      - x\n      - record: y", "13:9: each of the rules is a mapping"),
        ("        for: 1m", "        for: 1m\n        for: 2m", "8:9: 'for' appears twice"),
    ],
)
def test_a_mistake_is_named_by_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert str(caught.value).startswith(f"{tmp_path / 'rules.yaml'}:{message}")


def test_all_mistakes_are_told_at_once_in_their_order(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError) as caught:
        load(tmp_path, GOOD.replace("for: 1m", "for: 1").replace("sum(x)", "sum(").replace("30s", "30"))
    assert [problem.split(":")[1] for problem in caught.value.problems] == ["3", "7", "14"]


def test_a_second_group_of_one_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match="16:11: a second group 'one'"):
        load(tmp_path, GOOD + GOOD.removeprefix("groups:\n"))


def test_a_second_rule_with_the_same_name_and_labels_is_refused(tmp_path: Path) -> None:
    again = "      - alert: Low\n        expr: x < 2\n        labels: {severity: page}\n"
    with pytest.raises(RuleFileError, match="16:9: a second rule 'Low' with the same labels in this group"):
        load(tmp_path, GOOD + again)
    assert len(alerts(load(tmp_path, GOOD + again.replace("page", "warning")))) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"rules\.yaml: no such file"):
        load_rules(tmp_path / "rules.yaml")


def test_a_file_that_is_no_yaml_is_named_by_place(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"rules\.yaml:2:1: a tab"):
        load(tmp_path, "groups:\n\t- x\n")


UNITS = {"y": 31536000.0, "w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@given(st.lists(st.one_of(st.none(), st.integers(0, 99)), min_size=7, max_size=7).filter(any))
def test_a_duration_is_the_sum_of_its_units(counts: list[int | None]) -> None:
    pairs = [(count, unit) for count, unit in zip(counts, UNITS, strict=True) if count is not None]
    text = "".join(f"{count}{unit}" for count, unit in pairs)
    assert parse_duration(text) == pytest.approx(sum(count * UNITS[unit] for count, unit in pairs))


@pytest.mark.parametrize("text", ["", "5", "m", "1m1h", "1 m", "1h 30m", "1.5h", "-1m", "1m1m", "٣m", "300y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration|longer than 292 years"):
        parse_duration(text)
