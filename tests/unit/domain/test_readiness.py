"""How ready a context is to go back, in one line: what is late, never was, or can't be told is never good."""

import pytest

from console.domain.readiness import NewestBackup, Practice, Readiness

DAY, NOW = 86400.0, 1_000_000_000.0
GOOD = NewestBackup(NOW - 3 * 3600, NOW - 2 * DAY, equal=True)
RECENT = Practice("shadow", NOW - 2 * DAY, passed=True, late=False)
EARLIER = Practice("full", NOW - 9 * DAY, passed=True, late=False)
LATE = Practice("full", NOW - 41 * DAY, passed=True, late=True)
NEVER = Practice("coin full", None, passed=False, late=True)
FAILED = Practice("off", NOW - DAY, passed=False, late=True)


def ready(
    *practised: Practice, backup: NewestBackup | None = GOOD, unknown: tuple[str, ...] = ()
) -> Readiness:
    return Readiness(NOW, practised, 30 * DAY, backup, unknown)


def test_where_all_is_good_each_drill_and_the_backup_are_told() -> None:
    told = ready(RECENT, EARLIER)
    assert told.is_good
    assert told.words == (
        "rollbacks drilled: shadow 2 d, full 9 d ago; newest backup 3 h old, rehearsed 2 d ago"
    )
    assert told.brief == "all rollbacks drilled within 9 d; newest backup 3 h old, rehearsed"


@pytest.mark.parametrize(
    ("told", "words", "brief"),
    [
        (
            ready(RECENT, LATE),
            "last drill of full 41 d ago, allowed 30 d",
            "rollback drills: 1 late",
        ),
        (
            ready(RECENT, NEVER, FAILED),
            "never drilled: coin full; last drill failed: off",
            "rollback drills: 1 never drilled, 1 failed",
        ),
        (ready(NEVER), "no rollback was ever drilled", "no rollback was ever drilled"),
        (ready(RECENT, backup=None), "there is no backup", "there is no backup"),
        (
            ready(RECENT, backup=NewestBackup(NOW - 7200)),
            "newest backup, 2 h old, never rehearsed",
            "newest backup never rehearsed",
        ),
        (
            ready(RECENT, backup=NewestBackup(NOW - 7200, NOW - 60, equal=False)),
            "newest backup, 2 h old, did not restore equal",
            "newest backup did not restore equal",
        ),
        (
            ready(RECENT, backup=None, unknown=("backups can't be read: denied",)),
            "backups can't be read: denied",
            "backups can't be read: denied",
        ),
        (
            ready(backup=GOOD, unknown=("drills can't be read: denied",)),
            "drills can't be read: denied",
            "drills can't be read: denied",
        ),
    ],
)
def test_what_is_not_good_is_told_alone(told: Readiness, words: str, brief: str) -> None:
    assert not told.is_good
    assert (told.words, told.brief) == (words, brief)
