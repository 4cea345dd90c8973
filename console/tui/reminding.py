"""What is due after a deployment, as an operator at the screen meets it: said, and recorded once it is done.

Whatever waits for a disk does so in a thread.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from console import threads
from console.domain.access import AccessError
from console.domain.deployment_calendar import Due, Look
from console.tui.actions import IN_A_REPLAY
from console.tui.painting import Painting
from console.tui.safety import Face
from console.tui.view import Reminder
from console.tui.widgets.prompt import Question

if TYPE_CHECKING:
    from console.tui.watched import KeepsCalendar

READS_EVERY = 10
"""Seconds between two readings of the calendar, to which others add."""
NOTHING_DUE = "No deployment is signed off: nothing is due"


class Reminding:
    """The operator's side of the calendar after a deployment."""

    def __init__(
        self, painting: Painting, face: Face, calendar: "Callable[[], KeepsCalendar] | None"
    ) -> None:
        """`calendar` makes, in a thread, what keeps it; None where there is none, as in a replay."""
        self._painting = painting
        self._face = face
        self._calendar = calendar
        self._due: Due | None = None
        self._now: Callable[[], float] | None = None
        self._looks = 0
        self._reading: asyncio.Future[tuple[Due, ...]] | None = None
        self._unread = ""

    def begin(self) -> None:
        """Read the calendar, and what that takes."""
        if self._calendar is not None and self._reading is None:
            self._reading = threads.start(self._read, name="read the calendar")
            self._reading.add_done_callback(self._taken)

    def look(self) -> None:
        """To be called each second: read again now and then, and say what is due at the present minute."""
        self._looks += 1
        if self._looks % READS_EVERY == 0:
            self.begin()
        self._remind()

    def record(self) -> None:
        """Ask what there is to say of the look that is due next, and record it."""
        if self._painting.view.replay is not None:
            self._face.refuse(IN_A_REPLAY)
        elif self._due is None:
            self._face.refuse(NOTHING_DUE)
        else:
            duty = self._due.duty
            what = f"{duty.title}: what did you see?"
            self._face.ask(
                Question(what, "", lambda _text: "", lambda note: self._record(duty.key, note), by_hand=True)
            )

    def _read(self) -> tuple[Due, ...]:
        calendar = self._made()
        self._now = calendar.clock.wall
        return calendar.due()

    def _made(self) -> "KeepsCalendar":
        assert self._calendar is not None, "only asked for where there is one"  # noqa: S101
        return self._calendar()

    def _taken(self, reading: "asyncio.Future[tuple[Due, ...]]") -> None:
        self._reading = None
        error = reading.exception()
        self._unread = str(error) if isinstance(error, AccessError) else ""
        if not self._unread:
            self._due = next(iter(reading.result()), None)
        self._remind()

    def _remind(self) -> None:
        self._painting.remind(self._reminder())

    def _reminder(self) -> Reminder | None:
        if self._unread:
            return Reminder(f"whether a look is due isn't known: {self._unread}", warns=True)
        if self._due is None or self._now is None:
            return None
        now = self._now()
        words, late = self._due.words(now), self._due.is_late(now)
        return Reminder(f"{words}: L records it once you have" if late else words, warns=late)

    def _record(self, duty: str, note: str | None) -> None:
        if note is None:
            return
        recording = threads.start(lambda: self._made().look(duty, note), name="record a look")
        recording.add_done_callback(self._recorded)

    def _recorded(self, recording: "asyncio.Future[Look]") -> None:
        error = recording.exception()
        if isinstance(error, AccessError):
            self._face.refuse(str(error))
            return
        self._face.say(f"recorded: looked by {recording.result().user}")
        self.begin()
