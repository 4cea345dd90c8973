"""The vigil: how much of a time was watched, and what was critical in it."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.vigil import (
    GAP,
    KEPT,
    Episode,
    Span,
    Vigil,
    document_of,
    joined,
    looked,
    up_to,
    vigil_from,
)

AT = 2_000_000_000.0


def watched(*looks: float, critical: tuple[tuple[str, str | None], ...] = ()) -> Vigil:
    vigil = Vigil()
    for at in looks:
        vigil = looked(vigil, at, critical)
    return vigil


def test_looks_inside_the_gap_are_one_span() -> None:
    assert watched(AT, AT + GAP, AT + 2 * GAP).spans == (Span(AT, AT + 2 * GAP),)


def test_a_longer_silence_is_time_in_which_nobody_looked() -> None:
    vigil = watched(AT, AT + 100, AT + 100 + GAP + 1, AT + 200 + GAP + 1)
    assert len(vigil.spans) == 2
    assert vigil.watched(AT, AT + 200 + GAP + 1) == 200


def test_time_before_the_first_look_was_not_watched() -> None:
    assert watched(AT, AT + 100).watched(AT - 100, AT + 100) == 100


def test_nothing_was_watched_by_nobody() -> None:
    assert Vigil().watched(AT - 7 * 86400, AT) == 0


def test_a_critical_alert_is_known_by_its_last_look() -> None:
    vigil = watched(AT, AT + 60, critical=(("margin", "BTC/USD"),))
    assert vigil.critical_since(AT + 60) == (Episode("margin", "BTC/USD", AT, AT + 60),)
    assert vigil.critical_since(AT + 61) == ()


def test_an_alert_that_comes_back_later_is_two_episodes() -> None:
    vigil = watched(AT, AT + GAP + 1, critical=(("margin", None),))
    assert [one.since for one in vigil.episodes] == [AT, AT + GAP + 1]


def test_what_is_too_old_is_forgotten() -> None:
    vigil = looked(watched(AT, critical=(("margin", None),)), AT + KEPT + 1, ())
    assert vigil == Vigil((Span(AT + KEPT + 1, AT + KEPT + 1),))


Looks = list[tuple[int, list[tuple[str, str | None]]]]
LOOKS = st.lists(
    st.tuples(
        st.integers(0, 3000), st.lists(st.sampled_from([("a", None), ("a", "X"), ("b", "X")]), max_size=3)
    ),
    max_size=12,
)


def test_what_a_clock_set_ahead_has_noted_is_left_out() -> None:
    ahead = watched(AT, AT + 100, AT + KEPT, critical=(("margin", None),))
    kept = up_to(ahead, AT + 100)
    assert kept.spans == (Span(AT, AT + 100),)
    assert [one.until for one in kept.episodes] == [AT + 100]


def seen(looks: Looks) -> Vigil:
    vigil = Vigil()
    for at, critical in looks:
        vigil = looked(vigil, AT + at, critical)
    return vigil


@given(LOOKS, LOOKS)
def test_two_consoles_make_one_vigil_in_any_order(one: Looks, two: Looks) -> None:
    together = joined(seen(one), seen(two))
    assert together == joined(seen(two), seen(one))
    assert joined(together, seen(one)) == together
    assert all(later.since - before.until > GAP for before, later in pairwise(together.spans))


@given(LOOKS)
def test_it_comes_back_from_its_document(looks: Looks) -> None:
    vigil = seen(looks)
    assert vigil_from(json.loads(json.dumps(document_of(vigil)))) == vigil


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"spans": 3, "episodes": []}, {"spans": [[1]], "episodes": []},
     {"spans": [["1", 2]], "episodes": []}, {"spans": [], "episodes": [["a", 3, 1, 2]]},
     {"spans": [], "episodes": [["a", None, 1]]}, {"spans": [[0, float("inf")]], "episodes": []},
     {"spans": [[True, 2]], "episodes": []}],
)  # fmt: skip
def test_what_is_no_vigil_is_told_in_one_line(document: object) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        vigil_from(document)
    assert "\n" not in str(caught.value)
