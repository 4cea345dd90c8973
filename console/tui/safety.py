"""Read-only or armed, as an operator at the screen meets it: asks for a reason, and says when it ends.

Whatever waits for a disk does so in a thread.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console import threads
from console.domain.access import AccessError, Arming, Disarmed, Ending, Role
from console.domain.figures import seconds
from console.tui.actions import IN_A_REPLAY
from console.tui.painting import Painting
from console.tui.widgets.prompt import Question

if TYPE_CHECKING:
    from console.domain.approval import Request
    from console.tui.access import Access, Waiting

NOT_READY = "This console can't be armed yet: press the key again in a moment"
LOOKS_EVERY = 2
"""Seconds between two looks at what waits for a second person."""


@dataclass(frozen=True, slots=True)
class Face:
    """How the operator is talked to, on whatever screen that is."""

    say: Callable[[str], None]
    refuse: Callable[[str], None]
    ask: Callable[[Question], None]


class Safety:
    """The operator's side of the safety catch, and of the requests of others."""

    def __init__(self, painting: Painting, face: Face) -> None:
        self._painting = painting
        self._face = face
        self._mode: Arming | Disarmed = Disarmed()
        self._looks = 0
        self._looking: asyncio.Future[tuple[Waiting, ...]] | None = None
        self._complaint = self._unseen = ""

    @property
    def _access(self) -> "Access | None":
        return self._painting.view.access

    def touch(self) -> None:
        """A key was pressed."""
        if self._access is not None:
            self._access.catch.touch()

    def toggle(self) -> None:
        """Ask for the reason to arm; an armed console is read-only at once.

        Asked at once, also while what arming takes is still being made: the reason would act as keys.
        """
        view, access = self._painting.view, self._access
        if view.replay is not None:
            self._face.refuse(IN_A_REPLAY)
        elif access is not None and isinstance(view.mode, Arming):
            access.catch.disarm()
            self._painting.now()
        elif access is not None and access.catch.standing.role < Role.OPERATOR:
            self._face.refuse(f"read-only: {access.catch.standing}")
        else:
            from console.tui.access import lack_of  # noqa: PLC0415 (the first picture doesn't wait)

            self._face.ask(Question("why arm?", "", lack_of, self._arm, by_hand=True))

    def approve(self, asked: "Request") -> None:
        """Agree to `asked`, just as it was shown."""
        access = self._access
        if access is not None:
            approving = threads.start(lambda: access.others.approve(asked), name="approve")
            approving.add_done_callback(self._approved)

    def look(self) -> None:
        """To be called each second: say what has ended an arming, and look for requests now and then."""
        before, self._mode = self._mode, self._painting.view.mode
        if isinstance(before, Arming) and isinstance(self._mode, Disarmed):
            self._tell(self._mode)
        access = self._access
        if access is None:
            return
        if access.catch.complaint not in ("", self._complaint):
            self._face.refuse(access.catch.complaint)
        self._complaint = access.catch.complaint
        self._looks += 1
        if self._looking is None and self._looks % LOOKS_EVERY == 1:
            self._look_for_requests(access)

    def _arm(self, reason: str | None) -> None:
        access, live = self._access, self._painting.view.live
        if reason is None:
            return
        if access is None or live is None:
            self._face.refuse(NOT_READY)
        else:
            sources, server = live.sources, live.wrong_server
            arming = threads.start(lambda: access.catch.arm(reason, sources, server=server), name="arm")
            arming.add_done_callback(self._armed)

    def _armed(self, arming: "asyncio.Future[Arming]") -> None:
        error = arming.exception()
        if isinstance(error, AccessError):
            self._face.refuse(str(error))
        else:
            armed = arming.result()
            self._painting.now()
            self._mode = self._painting.view.mode
            lasts, idle = seconds(armed.until - armed.since), seconds(armed.idle)
            self._face.say(f"ARMED for {lasts}, or until no key is pressed for {idle}; a disarms")

    def _approved(self, approving: "asyncio.Future[Request]") -> None:
        error = approving.exception()
        if isinstance(error, AccessError):
            self._face.refuse(str(error))
            return
        asked = approving.result()
        others = (one for one in self._painting.view.requests if one.request.id != asked.id)
        self._painting.tell_of_requests(tuple(others))
        self._face.say(f"approved: {asked.deed.action} of {asked.deed.target}, once")

    def _tell(self, ended: Disarmed) -> None:
        if ended.ending is Ending.BY_HAND:
            self._face.say("READ-ONLY again")
        else:
            self._face.refuse(f"READ-ONLY again: {ended.words}")

    def _look_for_requests(self, access: "Access") -> None:
        context = self._painting.view.context.name
        self._looking = threads.start(lambda: access.waiting(context), name="look for requests")
        self._looking.add_done_callback(self._found)

    def _found(self, looked: "asyncio.Future[tuple[Waiting, ...]]") -> None:
        self._looking = None
        error, before = looked.exception(), self._unseen
        self._unseen = str(error) if isinstance(error, AccessError) else ""
        if not self._unseen:
            self._painting.tell_of_requests(looked.result())
        elif self._unseen != before:
            self._face.refuse(f"whether somebody waits for an approval can't be seen: {self._unseen}")
