"""What raises risk passes with everything in its place; what lowers it passes always."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.actions import machine_load
from console.actions.guard import Guard, Lack, Need, RefusedError, Risk
from console.domain.access import Arming, Person, Role, Standing
from console.domain.approval import Consent, Deed
from console.domain.gate import Gate
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus

DEED = Deed("prod", "kill.reset", "prod", ("remove the flag",))
CONSENT = Consent(DEED, 1001, 5900.0, "bob (uid 1002)")
OPEN = Gate("cool-down", True, "over")


def source(name: str, health: Health = Health.FRESH, age: float | None = 1.0) -> SourceStatus:
    cause = None if health is Health.FRESH else "no answer for 9.0 s"
    return SourceStatus(name, health, Severity.OK, age, 0.01, 6.0, cause)


def standing(role: Role) -> Standing:
    return Standing(Person(1001, "alice"), role, "named as user alice")


READY = Guard(
    standing(Role.OPERATOR),
    Arming(100, 700, "reset", 120, 100),
    (source("metrics"), source("exchange", Health.OFF, None)),
    seen=109.0,
    now=110.0,
    wall=5000.0,
    two_person=("kill.reset",),
    consent=CONSENT,
)


def missing(guard: Guard, *gates: Gate, role: Role = Role.OPERATOR) -> list[tuple[Need, str]]:
    lacks = guard.missing(DEED, Risk.RAISES, role=role, gates=gates)
    return [(lack.need, lack.words) for lack in lacks]


def test_with_everything_in_its_place_a_deed_passes() -> None:
    assert missing(READY, OPEN) == []
    READY.check(DEED, Risk.RAISES, gates=(OPEN,))


def test_a_role_that_is_too_low_is_missing() -> None:
    words = "alice (uid 1001) is a viewer: named as user alice; it takes an operator"
    assert missing(replace(READY, standing=standing(Role.VIEWER))) == [(Need.ROLE, words)]


def test_a_deed_may_take_an_admin() -> None:
    assert [need for need, _ in missing(READY, role=Role.ADMIN)] == [Need.ROLE]


def test_a_console_that_was_never_armed_is_read_only() -> None:
    assert missing(replace(READY, arming=None)) == [(Need.ARMED, "the console is read-only")]


@pytest.mark.parametrize("now", [220.0, 700.0, 99.0])
def test_an_arming_that_has_ended_counts_no_more(now: float) -> None:
    guard = replace(READY, now=now, seen=now)
    assert missing(guard) == [(Need.ARMED, "the console is read-only: the arming has ended")]


def test_another_server_is_told() -> None:
    words = "the database server is b, not a: read-only"
    assert missing(replace(READY, server=words)) == [(Need.SERVER, words)]


@pytest.mark.parametrize("health", [Health.STALE, Health.DOWN, Health.WAITING])
def test_a_source_that_cannot_be_believed_is_missing(health: Health) -> None:
    guard = replace(READY, sources=(source("metrics"), source("database", health)))
    assert missing(guard) == [(Need.FRESH, f"database is {health.value}: no answer for 9.0 s")]


def test_a_source_whose_newest_poll_failed_counts_while_its_value_is_inside_its_limit() -> None:
    assert missing(replace(READY, sources=(source("metrics", Health.FAILING),))) == []


def test_sources_that_nobody_has_looked_at_since_are_not_fresh() -> None:
    guard = replace(READY, seen=104.9)
    late = "this console is late: it looked at metrics 5.1 s ago; ask again, or have this machine do less"
    assert missing(guard) == [(Need.FRESH, late)]


def test_on_a_busy_machine_it_is_said_that_the_console_may_be_what_is_late_and_only_then() -> None:
    busy = replace(READY, busy="this machine is busy")
    assert missing(busy) == []
    late = replace(busy, sources=(source("metrics", Health.STALE),))
    assert missing(late)[-1] == (Need.FRESH, "this machine is busy")


@pytest.mark.parametrize(("load", "told"), [(7.9, False), (8.1, True)])
def test_a_machine_is_busy_from_two_processes_for_each_processor_on(
    monkeypatch: pytest.MonkeyPatch, load: float, told: bool
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert bool(machine_load.busy()) is told


def test_where_nobody_can_tell_how_busy_a_machine_is_it_is_not_called_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def untold() -> tuple[float, float, float]:
        raise OSError("Load averages are unobtainable")

    monkeypatch.setattr(os, "getloadavg", untold)
    assert machine_load.busy() == ""


@pytest.mark.parametrize("sources", [(), (source("exchange", Health.OFF),)])
def test_without_a_source_nothing_passes(sources: tuple[SourceStatus, ...]) -> None:
    assert missing(replace(READY, sources=sources)) == [(Need.FRESH, "no source is watched")]


@pytest.mark.parametrize(
    ("passes", "words"), [(False, "cool-down: 40 s left"), (None, "cool-down (unknown): 40 s left")]
)
def test_a_gate_passes_on_nothing_but_yes(passes: bool | None, words: str) -> None:
    assert missing(READY, OPEN, Gate("cool-down", passes, "40 s left")) == [(Need.GATE, words)]


def test_a_second_person_is_asked_for_where_the_context_says_so() -> None:
    alone = replace(READY, consent=None)
    assert missing(alone) == [(Need.APPROVAL, "a second person has to approve it")]
    assert missing(replace(alone, two_person=())) == []


@pytest.mark.parametrize(
    "consent",
    [
        replace(CONSENT, uid=1003),
        replace(CONSENT, until=5000.0),
        replace(CONSENT, deed=replace(DEED, what=("remove the flag", "and more"))),
    ],
)
def test_consent_to_something_else_of_somebody_else_or_too_old_is_none(consent: Consent) -> None:
    words = "what was approved is something else, or has expired"
    assert missing(replace(READY, consent=consent)) == [(Need.APPROVAL, words)]


BARE = Guard(
    standing(Role.NONE), None, (), seen=0, now=110, wall=5000, server="b", two_person=("kill.reset",)
)


def test_what_is_missing_is_told_all_at_once_and_in_order() -> None:
    assert [need for need, _ in missing(BARE, Gate("cool-down", None, "unknown"))] == list(Need)


def test_a_refusal_names_the_deed_and_everything_that_was_missing() -> None:
    with pytest.raises(RefusedError) as caught:
        replace(READY, arming=None, consent=None).check(DEED, Risk.RAISES, gates=())
    said = "kill.reset is refused: the console is read-only; a second person has to approve it"
    assert str(caught.value) == said
    assert caught.value.lacks[0] == Lack(Need.ARMED, "the console is read-only")


@given(
    st.sampled_from(Role),
    st.none() | st.just(READY.arming),
    st.lists(st.sampled_from(Health).map(lambda health: source(health.value, health)), max_size=3),
    st.none() | st.just(CONSENT),
    st.sampled_from([True, False, None]),
    st.sampled_from(["", "another server"]),
)
def test_less_risk_never_waits(
    role: Role,
    arming: Arming | None,
    sources: list[SourceStatus],
    consent: Consent | None,
    passes: bool | None,
    server: str,
) -> None:
    guard = Guard(standing(role), arming, sources, 0, 1e9, 1e9, server, ("kill.reset",), consent)
    guard.check(DEED, Risk.LOWERS, role=Role.ADMIN, gates=[Gate("any", passes, "whatever")])
