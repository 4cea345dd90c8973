from pathlib import Path

import pytest

from console.promql.rule_file import AlertRule, load_rules
from console.runbooks.model import (
    ActionAct,
    CommandAct,
    Confirmation,
    Kind,
    ManualAct,
    OnFailure,
    Question,
    Risk,
    SqlAct,
    filled,
    span,
)
from console.runbooks.reading import LONGEST, RunbookError, load_runbook, runbook_of
from console.settings_file import shipped_configs
from console.wiring import runbooks as wiring
from tests.unit.runbooks.drives import KNOWN, STOP, runbook

FULL = """\
title: Stop it
use: When it has to stop.
alerts: [FuturesMarginCritical]
triggers: [crash]
environments: [paper, staging]
risk: lowers
parameters:
  switch: {text: how it should be, type: choice, choices: [clear, tripped], default: clear}
  count: {text: how many, type: whole}
steps:
  - name: note
    text: It should be {switch}.
    manual: Why?
  - name: stop
    text: Stop it.
    preconditions: [ready, {kill_switch: {is: "{switch}"}}]
    command: stop
    timeout: 1500ms
    check: {kill_switch: {is: tripped}}
    on_failure: compensate
    repeatable: true
    compensation: {text: Undo it., command: verify_positions, check: stopped, timeout: 2m}
"""


RAISED = """\
title: Raise it
use: When it may trade.
risk: raises
parameters:
  watch: {text: how long, type: duration, default: 2m}
  key: {text: which}
steps:
  - name: reset
    text: Reset {context} of {environment}.
    if_needed: true
    confirm: {words: "{context} resume", unless: {kill_switch: {is: clear}}}
    recent: 15m
    action: {reset_kill_switch: {reason: "run {run}"}}
    check: ready
    holds_for: "{watch}"
    compensation: {text: Trip., action: {trip_kill_switch: {scope: all, reason: over}}, check: stopped}
  - name: mark
    text: Mark it.
    second_person: true
    confirm: "yes"
    sql: ["UPDATE a SET b = {key}", "DELETE FROM a"]
    check: ready
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(RunbookError) as caught:
        runbook(text)
    return caught.value.problems


def test_a_runbook_says_all_there_is_to_it() -> None:
    book = runbook(FULL)
    note, stop = book.steps
    assert (book.alerts, book.triggers, book.environments) == (
        ("FuturesMarginCritical",),
        ("crash",),
        ("paper", "staging"),
    )
    assert (book.risk, [parameter.kind for parameter in book.parameters]) == (
        Risk.LOWERS,
        [Kind.CHOICE, Kind.WHOLE],
    )
    assert (note.act, note.check, note.timeout) == (ManualAct("Why?"), None, 60.0)
    assert (stop.act, stop.timeout, stop.on_failure, stop.repeatable) == (
        CommandAct("stop"),
        1.5,
        OnFailure.COMPENSATE,
        True,
    )
    assert stop.preconditions == (Question("ready", {}), Question("kill_switch", {"is": "{switch}"}))
    assert stop.compensation is not None
    assert book.step("undo-stop").timeout == 120.0


def test_what_raises_the_risk_says_all_that_it_asks_for() -> None:
    book = runbook_of(RAISED, "raise.yaml", "raise", KNOWN)
    reset, mark = book.steps
    assert reset.act == ActionAct("reset_kill_switch", {"reason": "run {run}"})
    assert reset.confirm == Confirmation("{context} resume", Question("kill_switch", {"is": "clear"}))
    assert (reset.if_needed, reset.recent, reset.second_person) == (True, "15m", False)
    assert (span(reset.holds_for, {"watch": "90s"}), span(mark.holds_for, {})) == (90.0, 0.0)
    assert book.step("undo-reset").act == ActionAct("trip_kill_switch", {"scope": "all", "reason": "over"})
    assert mark.act == SqlAct(("UPDATE a SET b = {key}", "DELETE FROM a"))
    assert (mark.second_person, mark.confirm) == (True, Confirmation("yes"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("watch: {", "context: {", "raise.yaml:5:3: 'context' is a value that every runbook has"),
        ("default: 2m", "default: 2d", "watch: a time such as 500ms, 30s or 5m, at most 1h, not '2d'"),
        ("risk: raises", "risk: none", "raise.yaml:13:13: reset_kill_switch raises the risk"),
        ("risk: raises", "risk: lowers", "raise.yaml:21:10: sql raises the risk"),
        ("reset_kill_switch", "launch", "raise.yaml:13:13: 'launch' is no action; allowed: trip_kill_switch"),
        ("reason: \"run {run}\"", "why: x", "'why' is not known in the action reset_kill_switch"),
        ("scope: all", "scope: some", "scope: allowed: all, usdm, coin, not 'some'"),
        ("\"run {run}\"", "\"{nobody}\"", "{nobody} is no parameter of this runbook; allowed: watch, key,"),
        ("holds_for: \"{watch}\"", "holds_for: \"{key}\"", "'{key}' is no duration: such as 30s, 15m"),
        ("recent: 15m", "recent: 2h", "'2h' is no duration"),
        ("unless: {kill", "until: {kill", "'until' is not known in a confirmation; allowed: words, unless"),
        ("sql: [\"UPDATE a SET b = {key}\"", "sql: [3", "raise.yaml:21:10: sql is a list of statements"),
        ("b = {key}", "b = '{key}'", "raise.yaml:21:11: a value is bound, and stands in no quotes"),
        ("DELETE FROM a", " drop table a", "raise.yaml:21:37: it commits what was done before"),
        ("    check: ready\n    holds_for", "    holds_for", "if_needed and holds_for are about"),
        ("    sql: [\"UPDATE a SET b = {key}\", \"DELETE FROM a\"]\n", "", "a second person agrees to"),
        ("    action: {reset_kill_switch: {reason: \"run {run}\"}}\n", "", "if_needed is about an act"),
    ],
)  # fmt: skip
def test_a_mistake_in_what_raises_the_risk_is_named_by_place(old: str, new: str, expected: str) -> None:
    with pytest.raises(RunbookError) as caught:
        runbook_of(RAISED.replace(old, new, 1), "raise.yaml", "raise", KNOWN)
    assert any(expected in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title: Stop it\n", "", "stop.yaml:1:1: title is missing, as text"),
        (
            "use: always",
            "used: always",
            "stop.yaml:2:1: 'used' is not known in a runbook; allowed: title, use",
        ),
        ("risk: lowers", "risk: high", "stop.yaml:3:7: risk: allowed: none, lowers, raises, not 'high'"),
        ("risk: lowers", "risk: none", "stop.yaml:7:14: stop lowers the risk, and the runbook says none"),
        (
            "command: stop",
            "command: rm -rf /",
            "stop.yaml:7:14: 'rm -rf /' is no command that a runbook may run",
        ),
        (
            "command: stop",
            "command: start",
            "stop.yaml:7:14: start raises the risk, and the runbook says lowers",
        ),
        ("command: stop", "shell: ls", "stop.yaml:7:5: 'shell' is not known in a step"),
        ("timeout: 5s", "timeout: soon", "stop.yaml:8:14: 'soon' is no time-out: such as 500ms, 30s or 5m"),
        ("timeout: 5s", "timeout: 2h", "stop.yaml:8:14: '2h' is no time-out"),
        ("    check: stopped\n", "", "stop.yaml:5:5: a step has a check that is independent of its act"),
        ("check: stopped", "check: hope", "stop.yaml:9:12: 'hope' is no check; allowed: stopped, ready"),
        (
            "check: stopped",
            "check: {kill_switch: {}}",
            "stop.yaml:9:26: is is missing, as text; allowed: clear",
        ),
        ("check: stopped", "check: {kill_switch: {is: off}}", "stop.yaml:9:31: is is missing, as text"),
        ("check: stopped", "check: {kill_switch: {is: gone}}", "is: allowed: clear, tripped, not 'gone'"),
        ("check: stopped", 'check: {kill_switch: {is: "{no}"}}', "{no} is no parameter of this runbook"),
        ("Stop the engine.", "Stop {what}.", "stop.yaml:6:11: {what} is no parameter of this runbook"),
        ("name: see", "name: stop", "a second step 'stop': a step's name is its own"),
        ("name: see", "name: undo-it", "'undo-it' is no step's name"),
        ("use: always", "use: always\nuse: never", "stop.yaml:3:1: 'use' appears twice"),
        (
            "use: always",
            "use: always\ntriggers: [boredom]",
            "'boredom' is none of the triggers; allowed: liquid",
        ),
        ("timeout: 5s", "on_failure: hope", "on_failure: allowed: stop, ask, compensate, not 'hope'"),
        ("timeout: 5s", "manual: Why?", "stop.yaml:8:5: a step has one act, not command and manual"),
        ("timeout: 5s", "repeatable: 3", "repeatable: allowed: true or false"),
    ],
)
def test_a_mistake_is_named_by_place_with_what_is_allowed(old: str, new: str, expected: str) -> None:
    assert any(expected in problem for problem in problems(STOP.replace(old, new, 1)))


def test_a_name_that_is_too_long_is_told_how_long_it_may_be() -> None:
    with pytest.raises(
        RunbookError, match="is the runbook's: at most 40 lower-case letters, digits, _ and -"
    ):
        runbook_of(STOP, "x.yaml", "x" * 41, KNOWN)


def test_all_mistakes_are_told_at_once_in_the_files_order() -> None:
    found = problems(
        FULL.replace("clear}", "open}").replace("2m", "2 m").replace("triggers: [crash]", "triggers: 3")
    )
    assert [problem.split(": ")[0] for problem in found] == [
        "stop.yaml:4:11",
        "stop.yaml:8:86",
        "stop.yaml:22:88",
    ]


@pytest.mark.parametrize("text", ["", "[]", "title: [", "steps: 3", "steps: []", "steps: [3]", "\ttitle: x"])
def test_what_is_no_runbook_at_all_is_told_in_lines(text: str) -> None:
    assert all(problem.startswith("stop.yaml:") for problem in problems(text))


def test_a_file_that_cant_be_read_is_one_line(tmp_path: Path) -> None:
    for content, words in (
        (None, "no such file"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b"#" * 20_000, str(LONGEST)),
    ):
        file = tmp_path / "book.yaml"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(RunbookError, match=words):
            load_runbook(file, KNOWN)


def test_parameters_are_typed_and_all_mistakes_in_them_are_told() -> None:
    book = runbook(FULL)
    assert book.values({"count": " 3 "}) == {"switch": "clear", "count": "3"}
    with pytest.raises(ValueError, match="count: a whole number") as caught:
        book.values({"count": "3.5", "switch": "off", "colour": "red"})
    assert str(caught.value).splitlines() == [
        "colour: no parameter of stop",
        "switch: allowed: clear, tripped",
        "count: a whole number, not '3.5'",
    ]


def test_a_value_that_looks_like_a_parameter_is_not_replaced_again() -> None:
    assert filled("{a} and {b}, not {c}", {"a": "{b}", "b": "x"}) == "{b} and x, not {c}"


@pytest.mark.parametrize(
    "file", sorted((shipped_configs() / "runbooks").glob("*.yaml")), ids=lambda file: file.stem
)
def test_the_shipped_runbooks_are_sound_and_name_alerts_that_exist(file: Path) -> None:
    rules = [
        load_rules(shipped_configs() / name) for name in ("alert_rules.yaml", "alert_rules_hardened.yaml")
    ]
    known = {rule.name for each in rules for _, rule in each.rules if isinstance(rule, AlertRule)}
    assert set(load_runbook(file, wiring.KNOWN).alerts) <= known | {"kill switch"}  # the console's own
