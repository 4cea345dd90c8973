"""The vigil's file: what several consoles have seen, kept on over their ends."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.vigil_file import KEEP_EVERY, NOTE_EVERY, VigilFile, critical_in, read_vigil, vigil_of
from console.domain.assessment import Assessment, assess
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Alert
from console.domain.vigil import Episode, Span, Vigil
from tests.tui.cases import normal
from tests.tui.fake import RULES, HandClock

CALM = replace(assess(normal(), RULES, None), alerts=())
MARGIN = Alert("margin", Severity.CRITICAL, "below 1.0", "BTC/USD")
BAD = replace(CALM, alerts=(MARGIN, Alert("funding", Severity.WARNING, "high", "BTC/USD")))


def at_once(write: Callable[[], None]) -> None:
    write()


def without(assessment: Assessment, health: Health) -> Assessment:
    """The same, but for one source that is so."""
    first, *others = assessment.sources
    return replace(assessment, sources=(replace(first, health=health), *others))


def test_only_critical_alerts_are_noted() -> None:
    assert critical_in(BAD) == (("margin", "BTC/USD"),)


@pytest.mark.parametrize("health", [Health.STALE, Health.DOWN, Health.WAITING])
def test_with_a_source_that_says_nothing_nobody_has_looked(health: Health) -> None:
    assert critical_in(without(CALM, health)) is None


def test_two_consoles_write_one_vigil(tmp_path: Path) -> None:
    clock, file = HandClock(), vigil_of(tmp_path, "futures prod")
    one, two = VigilFile(file, clock, at_once), VigilFile(file, clock, at_once)
    began = clock.at
    one.noted(CALM)
    clock.at += KEEP_EVERY
    two.noted(BAD)
    one.noted(CALM)
    clock.at += KEEP_EVERY
    two.noted(BAD)
    assert read_vigil(file) == Vigil(
        (Span(began, clock.at),), (Episode("margin", "BTC/USD", began + KEEP_EVERY, clock.at),)
    )


def test_what_was_seen_is_known_at_once_and_written_when_it_is_due(tmp_path: Path) -> None:
    clock, file = HandClock(), vigil_of(tmp_path, "paper")
    vigil = VigilFile(file, clock, at_once)
    vigil.noted(CALM)
    clock.at += NOTE_EVERY
    vigil.noted(BAD)
    assert vigil.seen == Vigil(
        (Span(clock.at - NOTE_EVERY, clock.at),), (Episode("margin", "BTC/USD", clock.at, clock.at),)
    )
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_logged_and_what_was_seen_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, file = HandClock(), vigil_of(tmp_path, "paper")
    vigil = VigilFile(file, clock, at_once)
    vigil.noted(CALM)
    file.parent.parent.joinpath("vigil").write_text("in the way")
    vigil.keep()
    assert str(file.parent) in caplog.text
    file.parent.unlink()
    vigil.keep()
    assert read_vigil(file).spans == (Span(clock.at, clock.at),)


def test_a_torn_file_is_told_and_read_as_nothing_by_nobody(tmp_path: Path) -> None:
    file = tmp_path / "paper.json"
    file.write_text('{"spans": [[1, 2')
    with pytest.raises(ValueError, match=r"paper\.json: "):
        read_vigil(file)
