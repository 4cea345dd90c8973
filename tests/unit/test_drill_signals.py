"""What a drill does at Ctrl+C, SIGTERM and a lost terminal."""

import os
import re
import signal

import pytest

from console.wiring.drill_signals import BrokenOffError, DrillSignals


@pytest.mark.parametrize(
    ("number", "words"),
    [(signal.SIGINT, "Ctrl+C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "a lost terminal")],
)
def test_a_signal_is_noted_told_and_obeyed_where_the_drill_waits(
    number: signal.Signals, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    signals, before = DrillSignals(), signal.getsignal(number)
    with signals.listening():
        signals.wait(0)
        os.kill(os.getpid(), number)
        assert f"opsconsole: {words}: the drill is broken off" in capfd.readouterr().err
        with pytest.raises(BrokenOffError, match=re.escape(words)):
            signals.wait(60)
    assert signal.getsignal(number) is before


def test_putting_back_is_told_at_the_first_and_left_at_the_second(capfd: pytest.CaptureFixture[str]) -> None:
    signals = DrillSignals()
    with signals.listening():
        os.kill(os.getpid(), signal.SIGINT)
        with signals.putting_back():
            signals.wait(0)  # what has come before is obeyed by that
            os.kill(os.getpid(), signal.SIGINT)
            assert "Ctrl+C once more leaves it as it is now" in capfd.readouterr().err
            signals.wait(0)
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(BrokenOffError, match="SIGTERM"):
                signals.wait(0)


def test_a_terminal_that_is_lost_says_so_twice_and_everything_is_put_back_all_the_same() -> None:
    signals = DrillSignals()
    with signals.listening(), signals.putting_back():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
        signals.wait(0)
