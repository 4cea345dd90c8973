"""A console that can be armed, with a kill switch to reset and others to ask, on a clock turned by hand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.actions.arming import SafetyCatch
from console.actions.checkpoint import Operator
from console.actions.kill.actuator import Act, Order, Result, Scope
from console.domain.access import AccessError, Arming, Person, Role, Standing
from console.domain.approval import Approval, Consent, Deed, Request
from console.domain.assessment import Assessment
from console.domain.gate import Gate
from console.domain.reset_gates import Asked, Ground, Tripped, reset_gates
from console.domain.snapshot import Snapshot
from console.settings_access import Access as Rules
from console.tui.access import Access
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, START, HandClock, metrics_of, snapshot, symbol_rows
from tests.tui.killing import Desk
from tests.tui.screen import painted
from tests.unit.audit.journals import ALICE, journal_in
from tests.waiting import DEADLINE, until

ME, BOB = 1001, 1002
DEED = Deed(
    "paper",
    "kill.reset",
    "paper",
    (
        "reset the trip of 20:26:38Z by dana (all): SOL/USD margin 1.043 below 1.05",
        "flag file: remove the flag",
    ),
)


def tripped_at(at: float, tripped: float = 1.0) -> Snapshot:
    return snapshot(at, metrics_of(symbol_rows(5), tripped=tripped))


@dataclass
class Undoing:
    """A reset whose one step is done as soon as it may be."""

    order: Order
    results: tuple[Result, ...] = ()
    journal: str = "recorded"
    left: tuple[str, ...] = ()
    done: bool | None = None
    overtaken: bool = False
    fired: tuple[str, ...] = ("flag file", "state file")

    @property
    def pending(self) -> tuple[str, ...]:
        return self.fired[len(self.results) :]


@dataclass
class Resets:
    """A kill switch to be reset, tripped 400 s ago; `asked` is what it was reset with."""

    clock: HandClock
    two_person: bool = False
    refuses: str = ""
    may_go_on: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[Asked, Consent | None]] = field(default_factory=list)
    deed: Deed = DEED
    resetting: Undoing | None = None
    reset_phrase: str = "paper paper"

    def reset_deed(self, live: Assessment, asked: Asked) -> Deed:
        grounds = {"reason": asked.reason, "WITHOUT a recovery run": asked.override}
        told = (f"{name}: {words}" for name, words in grounds.items() if words)
        return replace(self.deed, what=(*self.deed.what, *told))

    def reset_gates(
        self, asked: Asked, who: Operator, live: Assessment, now: Callable[[], Assessment] | None = None
    ) -> tuple[Gate, ...]:
        armed = who.arming is not None
        told = f"for {who.arming.left(live.at):.0f} s more" if who.arming else "the console is read-only"
        trip = Tripped(self.clock.wall() - 400, "SOL/USD margin 1.043 below 1.05 (by dana)")
        ground = Ground(trip, True, live.alerts, None, 300, self.reset_phrase, self.clock.wall())
        second = not self.two_person or who.consent is not None
        words = "this context asks for none" if second else "a second person has to approve it"
        return (
            Gate("role", True, str(who.standing)),
            Gate("armed", armed, told),
            *reset_gates(asked, ground),
            Gate("second person", second, words),
        )

    def reset(
        self,
        asked: Asked,
        who: Operator,
        live: Assessment,
        *,
        approved: Callable[[], Consent] | None = None,
        now: Callable[[], Assessment] | None = None,
    ) -> Undoing:
        if self.refuses:
            raise AccessError(self.refuses)
        self.asked.append((asked, None if approved is None else approved()))
        done = self.resetting = Undoing(Order(asked.reason, Scope.ALL, "opsconsole dana"))
        for name in done.fired:
            self.may_go_on.wait(2 * DEADLINE)
            done.results += (Result(name, Act.DONE, "removed", 0.002),)
        done.done = True
        return done


@dataclass
class Others:
    """The requests of everybody, in memory; `used` are those that were taken for a deed."""

    requests: list[Request] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unreadable: str = ""

    def ask(self, deed: Deed, reason: str, *, lasting: float) -> Request:
        self.requests.append(Request("7K3QXM", deed, reason, ME, START, START + lasting))
        return self.requests[-1]

    def waiting(self) -> tuple[tuple[Request, ...], tuple[str, ...]]:
        if self.unreadable:
            raise AccessError(self.unreadable)
        return tuple(self.requests), ()

    def approve(self, seen: Request) -> Request:
        return self.approved_by(ME, seen.id)

    def approved_by(self, uid: int, id_: str) -> Request:
        place = next(at for at, one in enumerate(self.requests) if one.id == id_)
        asked = self.requests[place]
        self.requests[place] = replace(asked, approvals=(Approval(uid, START, asked.digest),))
        return self.requests[place]

    def consent(self, asked: Request) -> Consent:
        if not asked.approvals:
            raise AccessError(f"request {asked.id}: waits for a second person")
        return Consent(asked.deed, asked.uid, asked.expires, "bob (uid 1002)")

    def use(self, asked: Request) -> Consent:
        self.used.append(asked.id)
        return self.consent(asked)

    def break_glass(self, deed: Deed, reason: str, *, lasting: float) -> Consent:
        self.broken.append(reason)
        return Consent(deed, ME, START + lasting, "dana (uid 1001)", broken_glass=True)


class SafeDesk(Desk):
    """A console on an engine that is tripped, and what raising its risk takes; the journal is a real one."""

    def __init__(
        self, state: Path, role: Role = Role.ADMIN, taken: Snapshot | None = None, **resets: bool | str
    ) -> None:
        super().__init__(taken or tripped_at(START))
        self.state, self.others = state, Others()
        self.resets = Resets(self.clock, **resets)  # type: ignore[arg-type]
        self.resets.may_go_on.set()
        self.catch = SafetyCatch(
            "paper",
            Rules(),
            Standing(Person(ME, "dana"), role, "named as user dana"),
            journal=journal_in(state),
            actor=ALICE,
            clock=self.clock,
            terminal=lambda: True,
        )
        access = Access(self.catch, self.others, self.resets, 900, lambda uid: f"bob (uid {uid})")
        self.app = OpsConsole(
            PAPER, lambda: self.watched, environ=UTF8, tools=Tools(kill=self.kill, access=lambda: access)
        )

    async def begin(self) -> None:
        await painted(self.app)
        self.app.get_access()
        await until(lambda: self.app.view.access is not None)

    async def type(self, text: str) -> None:
        await self.press(*("space" if letter == " " else letter for letter in text), "enter")

    async def arm(self, reason: str = "after the drill") -> None:
        await self.press("a")
        await self.type(reason)
        await until(lambda: isinstance(self.app.view.mode, Arming) and "ARMED for" in self.text)

    def later(self, seconds: float, taken: Snapshot | None = None) -> None:
        """Have some time pass, in which every source goes on answering."""
        self.clock.at += seconds
        self.watched.snapshot = taken or tripped_at(self.clock.at - 0.5)
        self.app.paint()
