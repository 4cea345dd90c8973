"""The rollout of one context, as both faces use it: plan a change, show what it takes, make it, look back.

What raises the risk passes every gate first. What lowers it passes none, and neither the journal nor the
database can stop it: it is written over whatever the file says by then, and told if it isn't recorded.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.checkpoint import Checkpoint, Operator, checkpoint_of
from console.actions.durable import DurableError
from console.actions.flags_file import FLAGS_LOCK, Draft, FlagsFile, Unwritten
from console.actions.kill.armament import surfaces_of
from console.actions.rollout.deed import deed_of
from console.actions.rollout.dialect import dialect_of
from console.actions.rollout.draft import drafted
from console.actions.rollout.evidence import Witnesses
from console.actions.rollout.history import RAISE, Change
from console.actions.rollout.look import Look
from console.actions.rollout.policy import APPROVED_ALWAYS
from console.actions.rollout.record import Applied, Grounds, RolloutJournal, act_of
from console.domain.access import AccessError, stated
from console.domain.approval import Consent, Deed
from console.domain.assessment import Assessment
from console.domain.clock import Clock, SystemClock
from console.domain.gate import Gate
from console.domain.rollout.gates import Asked, furthest_of, rollout_gates
from console.domain.rollout.operations import Operation
from console.domain.rollout.plan import Direction, Plan, Refusal
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import Dialect, Stage, feature_named
from console.domain.rollout.written import same_values, written
from console.domain.vigil import Vigil
from console.sources.errors import SourceError
from console.sources.flags import parse_flags
from console.yaml_span import SpanError

if TYPE_CHECKING:
    from console.settings import Settings


class Rollout:
    """One per context and process. Making one touches nothing; what isn't said otherwise waits for disks."""

    def __init__(
        self,
        settings: "Settings",
        clock: Clock | None = None,
        environ: Mapping[str, str] = os.environ,
        seen: Callable[[], Vigil] = Vigil,
    ) -> None:
        """`seen` is what this console has seen itself; others find that in the vigil's file by and by."""
        self._settings = settings
        self._clock = clock or SystemClock()
        self._journal = RolloutJournal(settings, self._clock, environ)
        self._witnesses = Witnesses(settings, environ, self._journal, self._clock, seen)

    @property
    def dialect(self) -> Dialect:
        """How the engine reads the file. Waits for nothing."""
        return dialect_of(self._settings.chosen)

    def look(self) -> Look:
        """The file as it is now. AccessError, in one line, where it can't be read."""
        file = self._file()
        try:
            return _looked(file.read(), str(file.path))
        except DurableError as error:
            raise AccessError(str(error)) from None

    def planned(self, operation: Operation, look: Look, live: Assessment) -> Plan | Refusal:
        """What would be written, with its effect on every symbol that anybody knows. Waits for nothing."""
        return planned(look.flags, operation, live.rollout.listings, self.dialect)

    def draft(self, plan: Plan, look: Look) -> Draft:
        """The file as it would be. AccessError where it can't be edited. Waits for nothing."""
        try:
            return drafted(look.content, plan.edits, plan.after, look.path)
        except SpanError as error:
            raise AccessError(str(error)) from None

    def phrase(self, plan: Plan) -> str:
        """What is to be typed where it leads into production: environment, feature, symbol. No waiting."""
        symbols = plan.operation.symbols or ()
        named = symbols if len(symbols) <= 1 else (f"{len(symbols)} symbols",)
        return " ".join((self._settings.chosen.environment, plan.operation.feature, *named))

    def deed(self, plan: Plan, look: Look, asked: Asked) -> Deed:
        """What exactly it would do, and on which grounds, for a second person to agree to. No waiting."""
        return deed_of(self._settings.context, plan, look, asked)

    def gates(
        self, plan: Plan, look: Look, asked: Asked, who: Operator, live: Assessment
    ) -> tuple[Gate, ...]:
        """Everything that the change needs, in order; nothing where it only lowers the risk."""
        if plan.direction is not Direction.RAISES:
            return ()
        own = self._own_gates(plan, look, asked, who, live)
        return self._checkpoint(plan, look).gates(self.deed(plan, look, asked), who, live, own)

    def apply(
        self,
        plan: Plan,
        look: Look,
        asked: Asked,
        who: Operator | None,
        live: Assessment,
        *,
        approved: Callable[[], Consent] | None = None,
    ) -> Applied:
        """Write the change; what it comes to is read back. AccessError where nothing was tried.

        What lowers the risk needs no `who`. `approved` takes the second person's consent, right before.
        """
        if plan.direction is not Direction.RAISES:
            return self._lower(plan, look, asked, live)
        if who is None:
            raise AccessError("nobody asks for it, and it raises the risk")
        stated(asked.reason)
        draft, file = self.draft(plan, look), self._file()
        if str(file.path) != look.path:
            raise AccessError(f"nothing is changed: the engine reads {file.path} now, not {look.path}")
        own = self._own_gates(plan, look, asked, who, live)
        deed = self.deed(plan, look, asked)
        consent = self._checkpoint(plan, look).let_through(deed, who, live, own, approved)
        act = act_of(self._settings.context, plan, look, Grounds(asked, own, consent))
        intent = self._journal.intent(act)
        outcome = file.write(draft, urgent=False)
        return self._journal.closed(Applied(plan, outcome, self._clock.wall()), intent, act)

    def history(self, feature: str | None = None) -> tuple[Change, ...]:
        """What the journal has of changes, newest first. AccessError."""
        found = self._journal.history()
        return tuple(change for change in found if feature is None or change.feature == feature)

    def _lower(self, plan: Plan, look: Look, asked: Asked, live: Assessment) -> Applied:
        """Write what lowers the risk, over what others have written meanwhile, too."""
        file = self._file_at(Path(look.path))  # as it was seen: what names another now may be broken
        act = act_of(self._settings.context, plan, look, Grounds(asked))
        intent, unrecorded = self._journal.intent_in_time(act)
        made = plan

        def draft_of(content: bytes) -> Draft:
            nonlocal made
            now = _looked(content, look.path)
            if content != look.content and _is_done(plan, now):
                return Draft(content, content)
            made = plan if content == look.content else self._still_lowering(plan, now, live)
            return self.draft(made, now)

        try:
            outcome = file.follow(draft_of, urgent=True)
        except AccessError as error:
            outcome = Unwritten(str(error))
        return self._journal.closed(Applied(made, outcome, self._clock.wall(), unrecorded), intent, act)

    def _still_lowering(self, plan: Plan, now: Look, live: Assessment) -> Plan:
        """The same for the file as it is now; AccessError where that would be something else."""
        again = self.planned(plan.operation, now, live)
        if isinstance(again, Refusal):
            raise AccessError(f"{now.path} has changed since: {again.reason}")
        if again.direction is Direction.RAISES:
            raise AccessError(f"{now.path} has changed since, and this would raise the risk now")
        return again

    def _own_gates(
        self, plan: Plan, look: Look, asked: Asked, who: Operator, live: Assessment
    ) -> tuple[Gate, ...]:
        role = who.standing.role
        ground = self._witnesses.ground(plan, look, live, phrase=self.phrase(plan), role=role)
        return rollout_gates(plan, asked, ground)

    def _checkpoint(self, plan: Plan, look: Look) -> Checkpoint:
        context = self._settings.chosen
        into_production = furthest_of(plan, look.flags) is Stage.PRODUCTION
        always = (RAISE,) if into_production and context.environment in APPROVED_ALWAYS else ()
        return checkpoint_of(context, self._clock, always)

    def _file(self) -> FlagsFile:
        named = surfaces_of(self._settings.chosen)
        if named.flags_file is None:
            raise AccessError(named.unfound or f"context {self._settings.context!r} names no flags_file")
        return self._file_at(named.flags_file)

    def _file_at(self, path: Path) -> FlagsFile:
        return FlagsFile(path, self._settings.state / FLAGS_LOCK, self._clock)


def _looked(content: bytes, path: str) -> Look:
    try:
        return Look(content, parse_flags(content, path), path)
    except SourceError as error:
        raise AccessError(str(error)) from None


def _is_done(plan: Plan, now: Look) -> bool:
    """Whether the file says already what the plan was to write."""
    feature = feature_named(now.flags, plan.operation.feature)
    stands = None if feature is None else written(feature)
    return stands is not None and all(same_values(stands[key], value) for key, value in plan.wrote.items())
