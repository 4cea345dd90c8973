"""Roles by uid and group, and an arming that ends by itself and never comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.access import (
    LONGEST_REASON,
    AccessError,
    Arming,
    Ending,
    Named,
    Person,
    Role,
    arm,
    believed,
    standing_of,
    stated,
)
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus

ALICE = Person(1001, "alice", frozenset({1001, 2000}))
OPS = Named(groups={2000: "ops"})


@pytest.mark.parametrize(
    ("environment", "role"),
    [
        ("paper", Role.ADMIN),
        ("development", Role.VIEWER),
        ("staging", Role.VIEWER),
        ("production", Role.VIEWER),
    ],
)
def test_where_no_roles_are_given_everyone_is_admin_of_paper_only(environment: str, role: Role) -> None:
    assert standing_of(ALICE, {}, environment).role is role


def test_a_user_is_meant_by_number_whatever_name_stands_there() -> None:
    standing = standing_of(ALICE, {Role.OPERATOR: Named(users={1001: "al"})}, "production")
    assert (standing.role, standing.why) == (Role.OPERATOR, "named as user al")


def test_a_member_of_a_named_group_has_its_role() -> None:
    standing = standing_of(ALICE, {Role.OPERATOR: OPS}, "production")
    assert str(standing) == "alice (uid 1001) is an operator: in the group ops"


def test_the_highest_of_several_roles_counts() -> None:
    named = {Role.VIEWER: Named(users={1001: "alice"}), Role.ADMIN: OPS, Role.OPERATOR: OPS}
    assert standing_of(ALICE, named, "production").role is Role.ADMIN


def test_whoever_is_not_named_is_a_viewer() -> None:
    named = {Role.ADMIN: Named(users={1: "daemon"})}
    assert standing_of(ALICE, named, "paper").role is Role.VIEWER


def test_whoever_is_not_named_has_no_role_where_the_viewers_are_named() -> None:
    named = {Role.ADMIN: Named(), Role.VIEWER: Named(users={1: "daemon"})}
    assert standing_of(ALICE, named, "paper").role is Role.NONE


@pytest.mark.parametrize("reason", ["", "   ", "..", "- -", "ok"])
def test_a_reason_that_says_nothing_is_none(reason: str) -> None:
    with pytest.raises(AccessError, match="a reason is asked for"):
        stated(reason)


def test_a_reason_is_kept_without_blanks_around_it() -> None:
    assert stated(" margin below 1.1\n") == "margin below 1.1"


def test_a_reason_is_no_report() -> None:
    with pytest.raises(AccessError, match=f"at most {LONGEST_REASON} characters, not 501"):
        stated("x" * 501)


SOURCES = frozenset({"metrics", "database"})


def armed(*, idle: float = 120.0, lasting: float = 600.0) -> Arming:
    return arm("reset after the drill", 1000.0, lasting=lasting, idle=idle, believed=SOURCES)


def ending(arming: Arming, now: float, sources: frozenset[str] = SOURCES, *, terminal: bool = True) -> object:
    ended = arming.ended(now, sources, terminal=terminal)
    return None if ended is None else (ended.ending, ended.words)


def test_an_arming_lasts_while_keys_are_pressed() -> None:
    assert ending(armed().touch(1100), 1219) is None


def test_an_arming_ends_when_its_time_is_up_however_many_keys_are_pressed() -> None:
    arming = armed(idle=700)
    assert arming.touch(1500).left(1590) == 10
    assert ending(arming.touch(1599), 1600) == (Ending.TIME, "its 10 m are up")


def test_an_arming_ends_without_a_key() -> None:
    assert ending(armed(), 1120) == (Ending.IDLE, "no key for 2 m")


def test_an_arming_ends_with_its_terminal() -> None:
    assert ending(armed(), 1001, terminal=False) == (Ending.TERMINAL, "the terminal is gone")


def test_an_arming_ends_when_a_source_is_lost_that_it_began_with() -> None:
    assert ending(armed(), 1001, frozenset({"database"})) == (Ending.DATA, "data was lost: metrics")


def test_a_source_that_was_away_from_the_start_ends_nothing() -> None:
    arming = arm("start it again", 1000, lasting=600, idle=120, believed=frozenset({"flags"}))
    assert ending(arming, 1001, frozenset({"flags"})) is None


def test_an_arming_ends_on_another_server() -> None:
    ended = armed().ended(1001, SOURCES, terminal=True, server="the database server is b, not a: read-only")
    assert ended is not None
    assert ended.ending is Ending.SERVER


def test_a_clock_from_before_the_arming_ends_it() -> None:
    assert armed().left(999) == 0
    assert ending(armed(), 999) is not None


INSTANTS = st.lists(st.floats(900, 2000), max_size=12).map(sorted)


@given(INSTANTS, st.floats(900, 2000), st.floats(5, 700), st.floats(5, 700))
def test_no_key_brings_an_arming_back_or_prolongs_it(
    keys: list[float], now: float, idle: float, lasting: float
) -> None:
    arming = armed(idle=idle, lasting=lasting)
    ended = False
    for at in [key for key in keys if key <= now]:
        ended = ended or (ending(arming, at) is not None and at >= arming.since)
        arming = arming.touch(at)
    if ended or now >= 1000 + lasting:
        assert ending(arming, now) is not None
    assert (ending(arming, now) is None) == (arming.left(now) > 0)
    assert arming.left(now) <= min(lasting, idle) + 1e-6  # of rounding


def source(name: str, health: Health) -> SourceStatus:
    return SourceStatus(name, health, Severity.OK, 0.5, 0.01, 5.0, None)


def test_only_values_inside_their_limit_are_believed() -> None:
    assert believed(source(health.value, health) for health in Health) == {"fresh", "failing"}
