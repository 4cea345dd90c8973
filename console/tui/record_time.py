"""The question for a time of the record that a replay shows."""

from collections.abc import Callable

from console.history.instants import InstantError, instant
from console.tui.view import ReplayView
from console.tui.widgets.prompt import Question


def record_time(replay: ReplayView, seek: Callable[[float], None]) -> Question:
    """Asks for a time, and hands it to `seek`, in seconds since 1970; without an answer nothing is sought."""

    def typed(text: str) -> str:
        try:
            instant(text or "-0s", replay.begin, replay.end)
        except InstantError as error:
            return _brief(str(error))
        return ""

    def answered(text: str | None) -> None:
        if text:
            seek(instant(text, replay.begin, replay.end))

    return Question("time (UTC)", "", typed, answered)


def _brief(complaint: str) -> str:
    """What is allowed alone, as it stands beside what was typed: the whole complaint has no room there."""
    _, _, allowed = complaint.partition(": ")
    return allowed.removeprefix("outside of the record, which ").removesuffix(" before the end")
