"""Which messages about alerts are due, over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.alert_book import AlertBook, RuleStanding
from console.domain.alert_notices import (
    LEVELS,
    RESOLVED,
    WATCHDOG,
    Look,
    Memory,
    Message,
    Terms,
    Wrong,
    due,
    look_at,
)
from console.domain.alert_state import Phase
from console.domain.silences import Acknowledgement, Marks
from console.domain.triggers import LIQUIDATION, Judgement, Standing
from tests.unit.domain.ruled import (
    LIQUIDATION_RULE,
    MARGIN_RULE,
    SLIPPAGE_RULE,
    WATCHDOG_RULE,
    book,
    labels_of,
    raised,
    ruled,
)
from tests.unit.domain.worlds import NOW

TERMS = Terms(
    whence="[production] prod",
    levels=frozenset({"page", "critical", "warning"}),
    group_wait=5,
    group_interval=60,
    repeat=3600,
)


@dataclass
class Time:
    """Looks one after the other, from NOW on, with what is remembered between them."""

    terms: Terms = TERMS
    memory: Memory = field(default_factory=Memory)

    def look(self, after: float, *wrong: Wrong, look: Look | None = None) -> list[Message]:
        """What is due `after` so many seconds."""
        messages, self.memory = due(look or Look(wrong), self.memory, self.terms, NOW + after)
        return list(messages)


def wrong(key: str = "a", level: str = "critical", *, muted: bool = False) -> Wrong:
    return Wrong(key, level, f"Margin {key}", "firing: low", NOW - 60, muted)


def titles(messages: Sequence[Message]) -> list[str]:
    return [message.title.removeprefix("[production] prod: ") for message in messages]


def test_the_first_message_waits_for_what_comes_with_it() -> None:
    time = Time()
    assert time.look(0, wrong("a")) == []
    assert time.look(3, wrong("a"), wrong("b")) == []
    (message,) = time.look(5, wrong("a"), wrong("b"))
    assert titles([message]) == ["2 alerts, the worst CRITICAL Margin a"]
    assert message.keys == {"a", "b"}


def test_a_message_says_of_each_alert_since_when_and_what() -> None:
    time = Time(replace(TERMS, group_wait=0))
    (message,) = time.look(0, wrong("a"))
    assert message.body == "CRITICAL Margin a since 2027-01-15 07:59:00Z: firing: low"
    assert (message.level, message.kind) == ("critical", "critical")


def test_what_was_over_before_it_was_told_is_not_told() -> None:
    time = Time()
    time.look(0, wrong("a"))
    assert time.look(5) == []


def test_further_alerts_of_a_level_are_gathered_after_a_message() -> None:
    time = Time()
    time.look(0, wrong("a"))
    time.look(5, wrong("a"))
    assert time.look(20, wrong("a"), wrong("b")) == []
    assert time.look(30, wrong("a"), wrong("b")) == []
    (message,) = time.look(65, wrong("a"), wrong("b"), wrong("c", "warning"))
    assert titles([message]) == ["CRITICAL Margin b"]
    assert message.body.splitlines()[-1] == "1 more were told before"


def test_one_level_waits_for_no_other() -> None:
    time = Time(replace(TERMS, group_wait=0))
    time.look(0, wrong("a", "warning"))
    assert [message.level for message in time.look(1, wrong("a", "warning"), wrong("b", "page"))] == ["page"]


def test_the_most_urgent_message_is_the_first() -> None:
    time = Time(replace(TERMS, group_wait=0))
    due_now = time.look(0, wrong("a", "warning"), wrong("b", "page"), wrong("c"))
    assert [message.level for message in due_now] == ["page", "critical", "warning"]


def test_a_message_is_as_urgent_as_the_worst_alert_in_it() -> None:
    time = Time(replace(TERMS, group_wait=0))
    (message,) = time.look(0, wrong("a", "warning"), wrong("b", "high"))
    assert (message.level, message.kind) == ("warning", "high")


@pytest.mark.parametrize(
    ("level", "levels", "told"),
    [
        ("page", ["critical"], "critical"),
        ("high", ["critical", "warning"], "warning"),
        ("unknown", ["page", "warning"], "warning"),
        ("warning", ["critical"], None),
    ],
)
def test_an_alert_goes_to_the_next_lower_level_with_addresses(
    level: str, levels: list[str], told: str | None
) -> None:
    assert replace(TERMS, levels=frozenset(levels)).level_for(level) == told


def test_what_lasts_is_told_again_after_a_while_and_only_then() -> None:
    time = Time(replace(TERMS, group_wait=0))
    time.look(0, wrong("a"))
    assert time.look(3599, wrong("a")) == []
    assert titles(time.look(3600, wrong("a"))) == ["still CRITICAL Margin a"]
    assert time.look(3601, wrong("a")) == []


def test_what_is_over_is_told_once() -> None:
    time = Time(replace(TERMS, group_wait=0))
    time.look(0, wrong("a"), wrong("b"))
    (message,) = time.look(60)
    assert (titles([message]), message.kind) == (["over: 2 alerts"], RESOLVED)
    assert message.body == "over: Margin a\nover: Margin b"
    assert time.look(120) == []


def test_what_is_over_is_not_told_where_that_is_not_wanted() -> None:
    time = Time(replace(TERMS, group_wait=0, resolved=False))
    time.look(0, wrong("a"))
    assert time.look(60) == []
    assert time.memory.told == {}


def test_an_alert_that_comes_again_is_told_again() -> None:
    time = Time(replace(TERMS, group_wait=0))
    time.look(0, wrong("a"))
    time.look(60)
    assert titles(time.look(120, wrong("a"))) == ["CRITICAL Margin a"]


def test_what_is_muted_is_neither_told_nor_told_again_nor_told_to_be_over() -> None:
    time = Time(replace(TERMS, group_wait=0))
    assert time.look(0, wrong("a", muted=True), wrong("b")) != []
    assert time.look(4000, wrong("a", muted=True), wrong("b", muted=True)) == []
    assert time.look(8000) == []


def test_what_is_not_muted_any_more_is_told_at_once() -> None:
    time = Time()
    time.look(0, wrong("a", muted=True))
    assert titles(time.look(600, wrong("a"))) == ["CRITICAL Margin a"]


def test_an_alert_of_a_rule_that_can_not_tell_yet_is_not_over() -> None:
    time = Time(replace(TERMS, group_wait=0))
    time.look(0, wrong("futures Margin symbol=BTC"))
    assert time.look(100, look=Look(warming=frozenset({"futures Margin"}))) == []
    assert titles(time.look(200)) == ["over: Margin futures Margin symbol=BTC"]


def test_a_clock_that_was_set_back_delays_nothing() -> None:
    time = Time(replace(TERMS, group_wait=0))
    time.look(0, wrong("a"))
    assert titles(time.look(-600, wrong("a"), wrong("b"))) == ["2 alerts, the worst CRITICAL Margin b"]


def test_many_alerts_are_listed_and_counted() -> None:
    time = Time(replace(TERMS, group_wait=0))
    (message,) = time.look(0, *(wrong(str(number)) for number in range(5000)))
    assert message.body.splitlines()[-1] == "and 4980 more"
    assert titles([message])[0].startswith("5000 alerts")


def test_foreign_text_in_a_message_is_inert() -> None:
    time = Time(replace(TERMS, group_wait=0))
    (message,) = time.look(0, replace(wrong(), name="\x1b[2Jx", words="two\nlines"))
    assert "\x1b" not in message.title + message.body
    assert len(message.body.splitlines()) == 1


def test_that_alerts_are_evaluated_is_told_again_and_again() -> None:
    time = Time(replace(TERMS, every=300))
    assert [message.level for message in time.look(0)] == [WATCHDOG]
    assert time.look(299) == []
    assert [message.kind for message in time.look(300)] == [WATCHDOG]


def test_that_alerts_are_evaluated_is_not_told_while_the_watchdog_is_silent() -> None:
    assert Time(replace(TERMS, every=300)).look(0, look=Look(alive=False)) == []


levels = st.sampled_from(LEVELS)
moments = st.lists(
    st.tuples(st.floats(0.5, 90), st.dictionaries(st.sampled_from("abcdef"), levels, max_size=6)),
    min_size=1,
    max_size=40,
)


@given(moments)
def test_nothing_waits_longer_than_both_intervals_and_nothing_is_told_twice_too_soon(
    given_: list[tuple[float, dict[str, str]]],
) -> None:
    terms = replace(TERMS, levels=frozenset({"warning"}))
    time, now = Time(terms), 0.0
    since: dict[str, float] = {}
    told: dict[str, float] = {}
    for step, there in given_:
        now += step
        since = {key: since.get(key, now) for key in there}
        messages = time.look(now, *(wrong(key, level) for key, level in there.items()))
        firing = {key for one in messages if one.kind != RESOLVED for key in one.keys}
        over = {key for one in messages if one.kind == RESOLVED for key in one.keys}
        assert all(now - told[key] >= terms.repeat for key in firing & told.keys())
        assert over <= told.keys() - there.keys()
        told = {key: at for key, at in told.items() if key not in over} | dict.fromkeys(firing, now)
        late = {key for key, at in since.items() if now - at >= terms.group_wait + terms.group_interval}
        assert late <= told.keys()


def looked(told: AlertBook, *triggers: Judgement) -> Look:
    return look_at(ruled(told).alert_rows, triggers, 0.0)


def test_no_label_however_long_and_hostile_makes_a_message_that_no_service_takes() -> None:
    time = Time(replace(TERMS, group_wait=0))
    hostile = [Wrong(str(number), "critical", "\n\x1b[31m" * 3000, "x" * 10_000) for number in range(30)]
    for message in (*time.look(0, *hostile), *time.look(100)):
        assert (len(message.title) <= 200, message.title.isprintable()) == (True, True)
        assert len(message.body) < 12_000
        assert len(message.body.splitlines()) == 21


def test_a_rule_that_pages_is_told_as_a_page() -> None:
    (one,) = looked(book(raised(LIQUIDATION_RULE))).wrong
    assert (one.level, one.name, one.since) == ("page", "LiquidationImminent BTC", NOW - 120)
    assert one.words == "firing: LiquidationImminent on BTC"


def test_what_is_pending_or_resolved_is_not_told() -> None:
    pending, resolved = (
        raised(MARGIN_RULE, "BTC", Phase.PENDING),
        raised(SLIPPAGE_RULE, "BTC", Phase.RESOLVED),
    )
    assert looked(book(pending, resolved)).wrong == ()


def test_a_series_that_vanished_while_its_rule_fired_is_told_as_lost() -> None:
    rule, alert = raised(LIQUIDATION_RULE)
    (one,) = looked(book((rule, replace(alert, phase=Phase.RESOLVED, lost_since=NOW - 5)))).wrong
    assert (one.level, one.words.partition(":")[0]) == ("page", "lost")


def test_a_rule_whose_query_fails_is_told_as_unknown() -> None:
    failing = RuleStanding(LIQUIDATION_RULE, NOW, "no such label", NOW - 30)
    (one,) = looked(book(rules=(failing,))).wrong
    assert (one.level, one.words) == ("unknown", "fails: its query fails: no such label")


def test_that_a_rule_has_no_data_is_told_as_unknown() -> None:
    empty = RuleStanding(MARGIN_RULE, NOW, no_data_since=NOW - 30)
    assert [one.level for one in looked(book(rules=(empty,))).wrong] == ["unknown"]


def test_what_somebody_has_taken_on_is_muted() -> None:
    mark = Acknowledgement(labels_of(MARGIN_RULE, "BTC"), "alice", "on it", NOW - 60, NOW + 60)
    (one,) = looked(book(raised(MARGIN_RULE), marks=Marks(acknowledgements=(mark,)))).wrong
    assert one.muted


def test_a_rollback_trigger_that_is_met_is_told_with_its_procedure() -> None:
    met = Judgement(LIQUIDATION, Standing.MET, "1 within an hour on BTC")
    (one,) = looked(book(), met).wrong
    assert (one.level, one.name) == ("critical", "Rollback trigger: Unexpected liquidation")
    assert one.words == "1 within an hour on BTC; recommended: Pause, investigate"
    assert looked(book(), replace(met, standing=Standing.UNKNOWN)).wrong == ()


def test_a_trigger_that_nobody_can_judge_any_more_is_not_over() -> None:
    time, met = Time(replace(TERMS, group_wait=0)), Judgement(LIQUIDATION, Standing.MET, "1 within an hour")
    time.look(0, look=looked(book(), met))
    assert time.look(100, look=looked(book(), replace(met, standing=Standing.UNKNOWN))) == []
    over = time.look(200, look=looked(book(), replace(met, standing=Standing.CLEAR)))
    assert titles(over) == ["over: Rollback trigger: Unexpected liquidation"]


def test_a_rule_that_is_still_warming_up_is_named() -> None:
    warming = RuleStanding(MARGIN_RULE, NOW, watched=10.0, needed=300.0)
    assert looked(book(rules=(warming,))).warming == {"futures MarginCritical"}


def test_a_watchdog_that_fires_is_no_alert_and_one_that_does_not_is_noticed() -> None:
    well = looked(book(raised(WATCHDOG_RULE)))
    assert (well.wrong, well.alive) == ((), True)
    assert not looked(book(raised(WATCHDOG_RULE, phase=Phase.PENDING))).alive
