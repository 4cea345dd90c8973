"""Acknowledging and silencing: what is written, who may, and what the journal says of it."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.alert_deeds import (
    ACKNOWLEDGE,
    SILENCE,
    UNSILENCE,
    WITHDRAW,
    AlertDeeds,
    duration,
    matchers_of,
    to_acknowledge,
)
from console.actions.alert_marks import marks_file, read_marks
from console.audit.files import records
from console.audit.journal import Journal
from console.audit.record import Phase, Record
from console.domain.access import AccessError, Person, Role, Standing
from console.domain.alert_state import Phase as AlertPhase
from console.domain.assessment import Assessment
from console.domain.silences import LONGEST, Marks, parse_matcher
from tests.unit.actions.people import Wall
from tests.unit.audit.journals import ALICE, journal_in
from tests.unit.domain.ruled import MARGIN_RULE, book, labels_of, raised, ruled
from tests.unit.domain.worlds import NOW

BTC = labels_of(MARGIN_RULE, "BTC")
TARGET = 'MarginCritical{severity="critical", symbol="BTC"}'


def standing(role: Role) -> Standing:
    return Standing(Person(1001, "alice"), role, "named as user alice")


def deeds_in(folder: Path, role: Role = Role.OPERATOR, journal: Journal | None = None) -> AlertDeeds:
    return AlertDeeds(
        context="prod",
        file=marks_file(folder, "prod"),
        standing=standing(role),
        actor=ALICE,
        journal=journal or journal_in(folder),
        clock=Wall(NOW + 0.5),
        chance=random.Random(1),
    )


def live(marks: Marks | None = None, phase: AlertPhase = AlertPhase.FIRING) -> Assessment:
    return ruled(book(raised(MARGIN_RULE, "BTC", phase), marks=marks))


def key_in(assessment: Assessment) -> str:
    return assessment.alert_rows[0].key


def journal_of(folder: Path) -> list[Record]:
    return list(records(folder / "audit"))


def marks_in(folder: Path) -> Marks:
    return read_marks(marks_file(folder, "prod"))


def unwritable(folder: Path) -> Journal:
    """A journal whose folder is a file."""
    (folder / "audit").write_text("")
    return journal_in(folder)


def acknowledge(folder: Path, lasting: float = 3600, reason: str = "on it", **given: object) -> AlertDeeds:
    deeds = replace(deeds_in(folder), **given)  # type: ignore[arg-type]
    now = live()
    deeds.acknowledge(key_in(now), now, reason, lasting)
    return deeds


def test_an_acknowledgement_is_kept_with_owner_reason_and_end(tmp_path: Path) -> None:
    acknowledge(tmp_path)
    (mark,) = marks_in(tmp_path).acknowledgements
    assert (mark.labels, mark.owner, mark.reason, mark.until) == (BTC, "alice", "on it", NOW + 3600)


def test_every_alert_of_a_rule_is_acknowledged_and_recorded_by_itself(tmp_path: Path) -> None:
    now = ruled(book(*(raised(MARGIN_RULE, symbol) for symbol in ("BTC", "ETH", "SOL"))))
    deeds, (rule, *_) = deeds_in(tmp_path), [row.rule for row in now.alert_rows]
    keys = [row.key for row in to_acknowledge(now, rule)]
    done = deeds.acknowledge_every(keys, now, "on it", 3600)
    assert len(done) == len(marks_in(tmp_path).acknowledgements) == 3
    intents = [one.target for one in journal_of(tmp_path) if one.phase is Phase.INTENT]
    assert intents == [TARGET.replace("BTC", symbol) for symbol in ("BTC", "ETH", "SOL")]
    marked = ruled(book(*(raised(MARGIN_RULE, one) for one in ("BTC", "XRP")), marks=marks_in(tmp_path)))
    assert [row.symbol for row in to_acknowledge(marked, rule)] == ["XRP"]


def test_what_is_refused_among_several_says_how_far_it_came(tmp_path: Path) -> None:
    now = live()
    with pytest.raises(AccessError, match=r"^1 of 2 are acknowledged, the next is not: this alert is gone"):
        deeds_in(tmp_path).acknowledge_every([key_in(now), "none"], now, "on it", 3600)


def test_an_acknowledged_alert_is_muted_and_stays_in_sight(tmp_path: Path) -> None:
    acknowledge(tmp_path)
    (row,) = ruled(book(raised(MARGIN_RULE), marks=marks_in(tmp_path))).alert_rows
    assert (row.muted, row.matters) == (True, True)


def test_what_was_done_is_told_in_one_line(tmp_path: Path) -> None:
    now = live()
    done = deeds_in(tmp_path).acknowledge(key_in(now), now, "on it", 3600)
    assert done.words == f"{TARGET} acknowledged until 2027-01-15T09:00:00Z, by alice"
    assert done.unrecorded == ""


def test_the_journal_has_the_intent_before_and_the_outcome_after(tmp_path: Path) -> None:
    acknowledge(tmp_path)
    intent, outcome = journal_of(tmp_path)
    assert (intent.action, intent.target, intent.phase) == (ACKNOWLEDGE, TARGET, Phase.INTENT)
    assert (intent.reason, intent.evidence) == (
        "on it",
        {"state": "firing", "severity": "critical", "value": 1.01},
    )
    assert (outcome.intent, outcome.done, outcome.after) == (intent.sequence, True, intent.after)


def test_nothing_is_muted_where_the_journal_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"nothing is changed: the journal in .* can't be written"):
        acknowledge(tmp_path, journal=unwritable(tmp_path))
    assert marks_in(tmp_path) == Marks()


@pytest.mark.parametrize("reason", ["", "  ", "ok", "two\nlines of it"])
def test_without_a_reason_on_one_line_nothing_is_muted(tmp_path: Path, reason: str) -> None:
    with pytest.raises(AccessError, match="a reason is"):
        acknowledge(tmp_path, reason=reason)
    assert (marks_in(tmp_path), journal_of(tmp_path)) == (Marks(), [])


def test_a_viewer_mutes_nothing(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"is a viewer: .*; an operator or an admin may mute alerts"):
        acknowledge(tmp_path, standing=standing(Role.VIEWER))
    assert marks_in(tmp_path) == Marks()


@pytest.mark.parametrize("lasting", [59, LONGEST + 1])
def test_nothing_is_muted_for_longer_than_anybody_remembers(tmp_path: Path, lasting: float) -> None:
    with pytest.raises(AccessError, match="for a minute at least, and for 7 days at most"):
        acknowledge(tmp_path, lasting=lasting)


def test_the_longest_time_is_allowed(tmp_path: Path) -> None:
    acknowledge(tmp_path, lasting=LONGEST)
    assert marks_in(tmp_path).acknowledgements[0].until == NOW + LONGEST


def test_an_alert_that_is_gone_is_not_acknowledged(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="this alert is gone"):
        deeds_in(tmp_path).acknowledge("futures Margin symbol=SOL", live(), "on it", 3600)
    assert journal_of(tmp_path) == []


def test_an_alert_that_has_resolved_is_not_acknowledged(tmp_path: Path) -> None:
    now = live(phase=AlertPhase.RESOLVED)
    with pytest.raises(AccessError, match="MarginCritical is resolved: there is nothing to acknowledge"):
        deeds_in(tmp_path).acknowledge(key_in(now), now, "on it", 3600)


def test_nothing_is_acknowledged_that_is_not_known_to_be_so_now(tmp_path: Path) -> None:
    stale = ruled(book(raised(MARGIN_RULE)), age=60)
    with pytest.raises(AccessError, match="which alerts there are isn't known now"):
        deeds_in(tmp_path).acknowledge(key_in(stale), stale, "on it", 3600)


def test_an_acknowledgement_can_be_taken_back_by_a_viewer_and_without_a_reason(tmp_path: Path) -> None:
    acknowledge(tmp_path)
    done = deeds_in(tmp_path, Role.VIEWER).withdraw(BTC)
    assert (done.words, done.unrecorded) == (f"{TARGET} no longer acknowledged", "")
    assert marks_in(tmp_path) == Marks()
    assert [record.action for record in journal_of(tmp_path)] == [ACKNOWLEDGE] * 2 + [WITHDRAW] * 2


def test_taking_back_waits_for_no_journal_and_says_that_there_is_none(tmp_path: Path) -> None:
    acknowledge(tmp_path)
    (tmp_path / "audit").rename(tmp_path / "away")
    done = deeds_in(tmp_path, journal=unwritable(tmp_path)).withdraw(BTC)
    assert "can't be written" in done.unrecorded
    assert marks_in(tmp_path) == Marks()


def test_what_nobody_acknowledged_can_not_be_taken_back(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="this alert is not acknowledged"):
        deeds_in(tmp_path).withdraw(BTC)


def test_a_silence_mutes_what_its_matchers_accept(tmp_path: Path) -> None:
    done = deeds_in(tmp_path).silence([parse_matcher("symbol=~BTC.*")], "known", 3600)
    (row,) = replace_marks(marks_in(tmp_path)).alert_rows
    assert (row.silenced, row.muted) == (done.mark, True)
    words = f'symbol=~"BTC.*" silenced until 2027-01-15T09:00:00Z, by alice, as {done.mark.key}'
    assert done.words == words


def replace_marks(marks: Marks) -> Assessment:
    """The same alert a second later, with these marks."""
    return ruled(replace(book(raised(MARGIN_RULE), marks=marks), wall_ahead=1.0))


def test_a_silence_of_everything_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="a matcher that not every alert passes"):
        deeds_in(tmp_path).silence([parse_matcher("symbol!=nothing")], "known", 3600)
    assert journal_of(tmp_path) == []


def test_a_matcher_that_could_not_be_read_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="is no matcher"):
        deeds_in(tmp_path).silence(matchers_of((("symbol", "B" * 300),)), "known", 3600)


def test_a_silence_is_ended_by_its_key(tmp_path: Path) -> None:
    deeds = deeds_in(tmp_path)
    key = deeds.silence([parse_matcher("symbol=BTC")], "known", 3600).mark.key
    later = replace(deeds, clock=Wall(NOW + 60))
    assert later.unsilence(key).words == 'symbol="BTC" no longer silenced'
    assert [one.until for one in marks_in(tmp_path).silences] == [NOW + 60]
    assert [record.action for record in journal_of(tmp_path)] == [SILENCE] * 2 + [UNSILENCE] * 2


def test_a_silence_that_is_over_can_not_be_ended(tmp_path: Path) -> None:
    deeds = deeds_in(tmp_path)
    key = deeds.silence([parse_matcher("symbol=BTC")], "known", 60).mark.key
    with pytest.raises(AccessError, match=f"there is no silence {key} that holds"):
        replace(deeds, clock=Wall(NOW + 61)).unsilence(key)


def test_what_can_not_be_written_is_told_and_closed_in_the_journal_as_not_done(tmp_path: Path) -> None:
    (tmp_path / "alerts").mkdir()
    (tmp_path / "alerts" / "prod.json").write_text("{")
    with pytest.raises(AccessError, match=r"alerts/prod\.json"):
        acknowledge(tmp_path)
    intent, outcome = journal_of(tmp_path)
    assert (outcome.intent, outcome.done) == (intent.sequence, False)


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "alerts").write_text("")
    with pytest.raises(AccessError, match="not a directory"):
        acknowledge(tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1d12h", 129600), ("7d", LONGEST)]
)
def test_a_duration_is_told_as_prometheus_has_it(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "mistake"),
    [("8d", "for 7 days at most"), ("30s", "for a minute at least"), ("soon", "is no duration")],
)
def test_a_duration_that_is_none_says_what_is_allowed(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake):
        duration(text)
