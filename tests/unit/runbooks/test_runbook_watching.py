"""How often a check is asked, and what counts in the end: on a clock that is turned by hand."""

from collections.abc import Callable

import pytest

from console.runbooks.model import Found
from console.runbooks.watching import GRACE, UNWATCHED, passing


class Watch:
    """A check that says what `says` makes of the seconds gone by, on a clock that only waiting moves."""

    def __init__(self, says: Callable[[float], bool | None]) -> None:
        self.time, self.asked, self.says = 0.0, 0, says

    def now(self) -> float:
        return self.time

    wall = now

    def pause(self, seconds: float) -> None:
        self.time += seconds

    def ask(self) -> Found:
        self.asked += 1
        return Found(self.says(self.time), "it holds", f"at {self.time:g}")

    def passing(self, patience: float = 0.0, holds: float = 0.0, *, settled: bool = False) -> Found:
        return passing(self.ask, self, self.pause, patience=patience, holds=holds, settled=settled)


def test_what_passes_at_once_is_asked_once() -> None:
    watch = Watch(lambda _: True)
    assert (watch.passing(60).passes, watch.asked) == (True, 1)


def test_what_is_waited_for_ends_with_the_first_pass_or_the_patience() -> None:
    watch = Watch(lambda now: now >= 3)
    assert (watch.passing(60).passes, watch.time) == (True, 3)
    watch = Watch(lambda _: False)
    assert (watch.passing(60).passes, watch.time) == (False, 60)


def test_where_nothing_is_to_come_only_what_cannot_be_told_yet_is_waited_for() -> None:
    watch = Watch(lambda _: False)
    assert (watch.passing(60, settled=True).passes, watch.time) == (False, 0)
    watch = Watch(lambda now: None if now < 3 else True)
    assert (watch.passing(60, settled=True).passes, watch.time) == (True, 3)
    watch = Watch(lambda now: None if now < 3 else False)
    assert (watch.passing(60, settled=True).passes, watch.time) == (False, 3)


def test_what_has_to_hold_is_looked_at_to_the_end() -> None:
    watch = Watch(lambda _: True)
    found = watch.passing(holds=12)
    assert (found.passes, watch.time, found.observed) == (True, 12, "at 12; it has held for 12 s")


def test_one_failure_ends_the_watch_at_once() -> None:
    watch = Watch(lambda now: now < 5)
    found = watch.passing(holds=600)
    assert (found.passes, watch.time) == (False, 5)


def test_the_watch_begins_once_it_passes_first() -> None:
    watch = Watch(lambda now: now >= 10)
    assert (watch.passing(patience=60, holds=20).passes, watch.time) == (True, 30)


def test_a_moment_that_cant_be_told_is_borne_and_longer_is_unknown() -> None:
    watch = Watch(lambda now: None if 10 <= now < 20 else True)
    assert watch.passing(holds=60).passes is True
    watch = Watch(lambda now: None if now >= 10 else True)
    assert watch.passing(holds=60).passes is None
    assert watch.time <= 10 + GRACE + 5


def test_a_watch_whose_last_answer_cant_be_told_waits_for_one_that_can() -> None:
    watch = Watch(lambda now: None if 12 <= now < 14 else True)
    assert (watch.passing(holds=12).passes, watch.time) == (True, 14)


@pytest.mark.parametrize("last", [None, False])
def test_no_watch_ends_well_with_an_answer_that_is_no_pass(last: bool | None) -> None:
    watch = Watch(lambda now: last if now >= 12 else True)
    assert watch.passing(holds=12).passes is last


def test_what_nobody_looked_at_for_long_has_not_held_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(lambda _: True)
    stopped = iter((UNWATCHED,))  # as by Ctrl+Z, in the first pause
    monkeypatch.setattr(watch, "pause", lambda seconds: Watch.pause(watch, seconds + next(stopped, 0.0)))
    assert watch.passing(holds=20).observed.endswith("it has held for 20 s")
    assert watch.time == UNWATCHED + 5 + 20
