"""A console whose features can be changed: a real file, journal and database, and an engine that follows."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.actions.arming import SafetyCatch
from console.audit.open import open_journal
from console.domain.access import Arming, Person, Role, Standing
from console.domain.approval import Consent, Deed, Request
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.domain.snapshot import Snapshot
from console.paper.store import open_database
from console.settings_access import Access as Rules
from console.tui.access import Access
from console.tui.app import ContextView, OpsConsole
from console.tui.friction import FASTEST, FASTEST_AGAIN
from console.tui.tools import Tools
from tests.tui.cases import UTF8
from tests.tui.fake import HandClock
from tests.tui.safety import ME, Others, Resets
from tests.tui.screen import painted, text_of
from tests.unit.actions.rollout.test_rollout import Desk
from tests.unit.audit.journals import ALICE
from tests.unit.domain.worlds import NOW, judged
from tests.waiting import DEADLINE, until

CONTEXT = ContextView("prod", "production", "#d4372c", "db-1.internal", "dana")


def answered_at(taken: Snapshot, at: float) -> Snapshot:
    """The same answers, each given at `at`."""

    def anew(source: Any) -> Any:
        good = replace(source.good, fetched_at=at, data_at=None)
        return replace(source, good=good, last=good)

    names = ("metrics", "database", "flags", "exchange", "log", "engine")
    return replace(taken, at=at, **{name: anew(getattr(taken, name)) for name in names})


@dataclass
class Engine:
    """Watches a desk's file; while it is `deaf`, the engine goes on with what it had loaded.

    `spoil` is what is amiss with what is seen.
    """

    desk: Desk
    clock: Clock
    deaf: Assessment | None = None
    spoil: Callable[[Snapshot], Snapshot] = lambda taken: taken

    def assessment(self, ahead: float = 0.0) -> Assessment:
        seen = self.desk.live() if self.deaf is None else self.deaf
        return judged(self.spoil(answered_at(seen.snapshot, self.clock.now())))

    async def run(self, changed: Callable[[], None]) -> None:
        await asyncio.Event().wait()

    def focus(self, symbol: str | None) -> None: ...


class Colleagues(Others):
    """The requests of everybody, in the time of this engine."""

    def ask(self, deed: Deed, reason: str, *, lasting: float) -> Request:
        asked = super().ask(deed, reason, lasting=lasting)
        self.requests[-1] = replace(asked, at=NOW, expires=NOW + lasting)
        return self.requests[-1]

    def break_glass(self, deed: Deed, reason: str, *, lasting: float) -> Consent:
        return replace(super().break_glass(deed, reason, lasting=lasting), until=NOW + lasting)


class RolloutDesk:
    """The console on screen 3, with everything that a change takes but what a test takes away."""

    def __init__(
        self, folder: Path, content: bytes, role: Role = Role.ADMIN, *, has_access: bool = True
    ) -> None:
        url = f"sqlite:///{folder}/engine.db"
        open_database(url).dispose()
        self.desk, self.clock, self.others = Desk(folder, content, url), HandClock(NOW), Colleagues()
        self.engine = Engine(self.desk, self.clock)
        self.catch = SafetyCatch(
            "prod",
            Rules(),
            Standing(Person(ME, "dana"), role, "named as user dana"),
            journal=open_journal(self.desk.state, self.clock),
            actor=ALICE,
            clock=self.clock,
            terminal=lambda: True,
        )
        access = Access(self.catch, self.others, Resets(self.clock), 900, lambda uid: f"bob (uid {uid})")
        self.app = OpsConsole(
            CONTEXT,
            lambda: self.engine,
            environ=UTF8,
            tools=Tools(rollout=lambda: self.desk.rollout, access=(lambda: access) if has_access else None),
        )

    @property
    def text(self) -> str:
        return text_of(self.app)

    @property
    def written(self) -> bytes:
        return self.desk.file.read_bytes()

    async def begin(self, *keys: str) -> None:
        """Open screen 3, and press these keys there."""
        await painted(self.app)
        if self.app._access is not None:
            self.app.get_access()
            await until(lambda: self.app.view.access is not None)
        await self.press("3")
        await self.sees("FEATURE")
        await self.press(*keys)

    async def press(self, *keys: str) -> None:
        """Press these, and those that confirm no sooner than a hand would."""
        for key in keys:
            if key.isupper():
                await asyncio.sleep(FASTEST_AGAIN if key == self.app.pace.key else FASTEST)
            await self.app._press_keys([key])

    async def type(self, text: str) -> None:
        await self.press(*("space" if letter == " " else letter for letter in text), "enter")

    async def arm(self) -> None:
        await self.press("a")
        await self.type("a rollout")
        await until(lambda: isinstance(self.app.view.mode, Arming) and "ARMED for" in self.text)

    async def sees(self, *words: str, seconds: float = DEADLINE) -> None:
        """Wait until all of these are on the screen, painted as time goes on."""
        deadline = time.monotonic() + seconds
        while not all(each in self.text for each in words):
            assert time.monotonic() < deadline, f"waited in vain for {words}, saw:\n{self.text}"
            self.app.paint()
            await asyncio.sleep(0.03)
