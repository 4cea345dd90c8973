"""What a change stands on, looked at from disk: the file, the plan, its gates, the second person's word."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from console.actions.rollout.difference import unified
from console.actions.rollout.look import Look as FileLook
from console.actions.rollout.record import Applied
from console.domain.approval import Consent, Deed, Request
from console.domain.assessment import Assessment
from console.domain.exchange_names import exchange_names
from console.domain.gate import Gate
from console.domain.rollout.gates import Asked, typed_for
from console.domain.rollout.operations import Disable, Operation
from console.domain.rollout.plan import Direction, Plan, Refusal
from console.tui.access import Access
from console.tui.screens.second_person import Word, missing_of, operator_of, use_of, word_on
from console.tui.watched import ChangesStages


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be changed, and what was said for it; `glass` is the consent that was had by breaking it."""

    operation: Operation
    asked: Asked = field(default_factory=Asked)
    glass: Consent | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked for what, and what is so at present; nobody has access before that is there."""

    rollout: Callable[[], ChangesStages]
    access: Access | None
    live: Assessment
    draft: Draft


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at `at`, on the console's clock, for what the operator had said by then.

    It `was_armed` then. `lines` are the difference to the file, `held` the positions at the exchange in the
    symbols that change. `request` is the operator's own for this very deed, `consent` what somebody has
    agreed to, and `said` why there is none. Of a plan that is refused there is none of it, of one that lowers
    the risk no gates.
    """

    at: float
    draft: Draft
    file: FileLook
    plan: Plan | Refusal
    was_armed: bool = False
    lines: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    deed: Deed | None = None
    gates: tuple[Gate, ...] = ()
    request: Request | None = None
    consent: Consent | None = None
    said: str = ""

    @property
    def raises(self) -> bool:
        return isinstance(self.plan, Plan) and self.plan.direction is Direction.RAISES

    @property
    def word(self) -> Word:
        """The second person's."""
        return self.request, self.consent, self.said

    @property
    def missing(self) -> tuple[Gate, ...]:
        """The gates that don't pass, without the confirmation."""
        return missing_of(self.gates)

    @property
    def lack(self) -> str:
        """The first gate that is missing, in words; empty where none is."""
        return next((f"{gate.name}: {gate.words}" for gate in self.missing), "")

    @property
    def confirmed_by(self) -> str:
        """The action of the key that confirms: switching off has one of its own."""
        return "switch_off" if isinstance(self.plan.operation, Disable) else "write_change"

    @property
    def is_typed(self) -> bool:
        """Whether it has to be confirmed by typing."""
        return self.raises and isinstance(self.plan, Plan) and typed_for(self.plan, self.file.flags)


def look(asking: Asking) -> Look:
    """Look at everything. AccessError where the file can't be read or edited. Waits for disks."""
    rollout, live, draft = asking.rollout(), asking.live, asking.draft
    file = rollout.look()
    plan = rollout.planned(draft.operation, file, live)
    found = Look(live.at, draft, file, plan, is_armed(asking.access))
    if isinstance(plan, Refusal):
        return found
    written, held = rollout.draft(plan, file), tuple(_held(plan, live))
    deed = rollout.deed(plan, file, draft.asked)
    found = replace(found, lines=unified(written.seen, written.mine), held=held, deed=deed)
    if not found.raises or asking.access is None:
        return found
    request, consent, said = word_on(asking.access, deed, draft.glass)
    gates = rollout.gates(plan, file, draft.asked, operator_of(asking.access, consent), live)
    return replace(found, gates=gates, request=request, consent=consent, said=said)


def apply(asking: Asking, found: Look, plan: Plan) -> Applied:
    """Make the change, with the consent that was found; AccessError where nothing was tried."""
    rollout, access, asked = asking.rollout(), asking.access, asking.draft.asked
    if found.is_typed:
        asked = replace(asked, typed=rollout.phrase(plan))
    who = None if access is None else operator_of(access, None)
    approved = None if access is None else use_of(access, found.request, found.consent)
    return rollout.apply(plan, found.file, asked, who, asking.live, approved=approved)


def is_armed(access: Access | None) -> bool:
    return access is not None and access.catch.arming is not None


def _held(plan: Plan, live: Assessment) -> Iterator[str]:
    """The exchange's positions in the symbols that change, each in words; or that it doesn't say."""
    exchange = live.snapshot.exchange
    venues = [] if exchange.value is None else [v for v in exchange.value.venues if v.positions is not None]
    if not exchange.usable(live.at):
        yield f"not known: {exchange.doubt(live.at)}"
    elif not venues:
        yield "not known: the exchange is read without keys"
    changed = [symbol for symbols in plan.effect.changed.values() for symbol in symbols]
    symbols = {name: symbol for symbol in changed for name in exchange_names(symbol).items()}
    for venue in venues:
        for position in venue.positions or ():
            symbol = symbols.get((venue.market, position.symbol))
            if symbol is not None and position.quantity:
                side = "LONG" if position.quantity > 0 else "SHORT"
                unit = " contracts" if venue.market == "coinm" else ""
                yield f"{symbol} {side} {abs(position.quantity):f}{unit} at {venue.market}"
