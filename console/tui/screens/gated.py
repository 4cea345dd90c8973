"""A screen on which something is asked for that has to pass gates: threads look at them, again and again.

Whatever waits for the disk is done in a thread; the screen stays where it is, and goes on being painted.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Generic, Protocol, TypeVar

from console import threads
from console.domain.access import AccessError, Role
from console.domain.approval import Consent, Deed, Request
from console.domain.gate import Gate
from console.tui.access import Access, lack_of
from console.tui.safety import NOT_READY
from console.tui.screens.kill.covering import Covering
from console.tui.screens.reading import Reading
from console.tui.screens.second_person import SECOND_PERSON
from console.tui.view import View
from console.tui.widgets.prompt import Question

NOT_LOOKED = "the gates haven't been looked at yet"
OLD = 3.0
"""Seconds after which what was found no longer counts."""


class Looked(Protocol):
    """What was found, as far as it is the same for every deed."""

    @property
    def request(self) -> Request | None: ...

    @property
    def missing(self) -> tuple[Gate, ...]: ...


T = TypeVar("T")
L = TypeVar("L", bound=Looked)


class InFull(Reading):
    """All of what would be done, which the screen has no room for."""


class Gated(Covering, Generic[L], inherit_bindings=False):
    """Looks at the gates at every paint, and asks for reason and second person.

    Subclasses say what to look at, what exactly is asked for, and show what was found.
    """

    DEED: ClassVar[str]
    """What the operator calls it: `reset`."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._found: L | None = None
        self._looking: asyncio.Future[L] | None = None
        self._refused = self._unseen = ""
        self._is_under_way = False
        self._is_due = True  # whether something was done since the last look

    @abstractmethod
    def _begun(self) -> Callable[[], L] | None:
        """What a thread does to look, with the present view and all that was said; None while it can't."""

    @abstractmethod
    def _is_newest(self, found: L) -> bool:
        """Whether it is of the newest judgement, and of all that was said."""

    @property
    @abstractmethod
    def _reason(self) -> str:
        """The reason that was given; empty before."""

    @abstractmethod
    def _give_reason(self, reason: str) -> None: ...

    @abstractmethod
    def _deed(self) -> Callable[[], Deed] | None:
        """Says what exactly would be done on just these grounds, and may wait for the disk; None: not yet."""

    @abstractmethod
    def _broke_glass(self, consent: Consent) -> None:
        """Go on with the consent that was had without a second person."""

    def on_mount(self) -> None:
        super().on_mount()
        self._look_again()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._look_again()

    def action_give_reason(self) -> None:
        self._ask(f"why {self.DEED}?", self._give_reason)

    def action_ask_second_person(self) -> None:
        if (at_hand := self._wanting_second_person()) is not None:
            access, deed = at_hand
            reason, lasting = self._reason, access.lasting
            self._start(lambda: access.others.ask(deed(), reason, lasting=lasting), self._asked_others)

    def action_break_glass(self) -> None:
        if (at_hand := self._wanting_second_person(broken=True)) is None:
            return
        access, deed = at_hand

        def broken(reason: str) -> None:
            lasting = access.lasting
            self._start(lambda: access.others.break_glass(deed(), reason, lasting=lasting), self._broke_glass)

        self._ask("why without a second person?", broken)

    def _wanting_second_person(self, *, broken: bool = False) -> tuple[Access, Callable[[], Deed]] | None:
        """What is needed to get one, or to do without; says why not where that can't be."""
        access, found, deed = self.view.access, self._found, self._deed()
        if access is None or found is None or deed is None:
            self.refuse(NOT_READY)
        elif all(gate.name != SECOND_PERSON for gate in found.missing):
            self.refuse("no second person is missing")
        elif broken and access.catch.standing.role < Role.ADMIN:
            self.refuse(f"{access.catch.standing}; only an admin may break the glass")
        elif not broken and found.request is not None:
            self.refuse(f"{found.request.id} waits already")
        elif lack := lack_of(self._reason):
            self.refuse(f"first the reason for the {self.DEED}: {lack}")
        else:
            return access, deed
        return None

    def _asked_others(self, request: Request) -> None:
        self.say(f"{request.id} waits for a second person")

    def _ask(self, label: str, take: Callable[[str], None]) -> None:
        self.ask(
            Question(label, "", lack_of, lambda text: None if text is None else take(text), by_hand=True)
        )

    def _start(self, call: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do in a thread what waits for the disk; `then` gets what comes of it."""
        threads.start(call, name="deed").add_done_callback(partial(self._came, then))

    def _came(self, then: Callable[[T], None], future: "asyncio.Future[T]") -> None:
        error = future.exception()
        if isinstance(error, AccessError):
            self._refused, self._is_under_way = str(error), False
        else:
            self._refused = ""
            then(future.result())
        self._is_due = True
        if self.is_attached:
            self._look_again()
            self._show()

    def _look_again(self) -> None:
        """Have a thread look at the gates, unless one is at it."""
        begun = self._begun() if self._looking is None and not self._is_under_way else None
        if begun is not None:
            self._is_due = False
            self._looking = threads.start(begun, name="look at the gates")
            self._looking.add_done_callback(self._seen)

    def _seen(self, looked: "asyncio.Future[L]") -> None:
        self._looking = None
        error = looked.exception()
        if isinstance(error, AccessError | OSError):
            self._found, self._unseen = None, str(error)
        else:
            self._found, self._unseen = looked.result(), ""
            self._took_found(self._found)
        if self.is_attached:
            if self._found is not None and not self._is_newest(self._found):
                self._look_again()
            self._show()

    def _took_found(self, found: L) -> None:
        """What was found is there."""
