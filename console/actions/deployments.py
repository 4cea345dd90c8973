"""What people record of a context's deployments: who looked, and who signed one off with whom.

`state/deployments/<context>.json` is what screens read; the journal has everything as well, and for ever. A
damaged file is refused: a sign-off is somebody's word.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from console.actions.approvals import Approvals, approvals_in, in_journal
from console.actions.durable import DurableError
from console.actions.roles import roles_in, this_person
from console.actions.shared_document import SharedDocument
from console.audit.actor import Actor, this_actor
from console.audit.errors import JournalError
from console.audit.journal import Journal
from console.audit.open import open_journal
from console.audit.open_intents import abandoned_intents, close
from console.audit.record import Act, iso_time
from console.domain.access import AccessError, Role, Standing
from console.domain.approval import Deed, Request
from console.domain.clock import Clock
from console.domain.deployment_calendar import (
    Calendar,
    Deployed,
    Due,
    Look,
    SignOff,
    calendar_from,
    document_of,
    due,
    looked,
    signed_off,
)
from console.host_lock import LockError

if TYPE_CHECKING:
    from console.settings import Settings

LOOK = "deployment.look"
SIGN_OFF = "deployment.sign_off"

LONGEST_NOTE = 500
"""Characters."""


def calendar_file(state: Path, context: str) -> Path:
    """Where the deployments of `context` are kept."""
    return state / "deployments" / f"{quote(context, safe=' ')}.json"


def read_calendar(file: Path) -> Calendar:
    """What is kept; nothing where there is no file. ValueError, in one line, for what can't be read."""
    return _kept(file).read()


@dataclass(frozen=True, slots=True)
class Deployments:
    """What one person at one console may record. Every deed waits for the disk.

    AccessError says in one line why nothing was recorded.
    """

    context: str
    file: Path
    standing: Standing
    actor: Actor
    journal: Journal
    clock: Clock
    approvals: Approvals

    def due(self) -> tuple[Due, ...]:
        """What is to be done next, the earliest first."""
        try:
            return due(read_calendar(self.file), self.clock.wall())
        except ValueError as error:
            raise AccessError(str(error)) from None

    def look(self, duty: str, note: str) -> Look:
        """Record that this person did the duty with this key just now; `note` is what there is to say."""
        said = note.strip()
        if len(said) > LONGEST_NOTE:
            raise AccessError(f"a note has at most {LONGEST_NOTE} characters, not {len(said)}")
        self._require(Role.VIEWER)
        look = Look(duty, self.clock.wall(), str(self.standing.person), said)
        act = Act(self.context, LOOK, duty, after=said, evidence={"at": look.at})
        self._record(act, lambda before: looked(before, look))
        return look

    def ask(self, deployed: Deployed, lasting: float) -> Request:
        """Ask for another person who has verified the deployment; the request waits `lasting` seconds."""
        self._check_theirs(deployed)
        return self.approvals.ask(self._deed(deployed), f"deployment {deployed.run} is done", lasting=lasting)

    def sign_off(self, deployed: Deployed, approval: str) -> SignOff:
        """End the deployment, by the request that the other person has approved."""
        self._check_theirs(deployed)
        asked = self.approvals.find(approval)
        consent = self.approvals.consent(asked)
        verifier = consent.by.rpartition(" (uid ")[0]
        if verifier in deployed.drivers:
            raise AccessError(f"{verifier} drove run {deployed.run}, and can't verify it")
        if not consent.covers(self._deed(deployed), self.standing.person.uid, self.clock.wall()):
            raise AccessError(f"request {approval} is about something else")
        self.approvals.use(asked)
        by = str(self.standing.person)
        signed = SignOff(deployed.run, deployed.runbook, deployed.at, by, consent.by, self.clock.wall())
        said = [deployed.runbook, by, consent.by]
        act = Act(
            self.context,
            SIGN_OFF,
            deployed.run,
            after=said,
            approval=in_journal(consent),
            evidence={"at": signed.at},
        )
        self._record(act, lambda before: signed_off(before, signed))
        return signed

    def _check_theirs(self, deployed: Deployed) -> None:
        """AccessError where this person didn't deploy it, or it is signed off already."""
        self._require(Role.OPERATOR)
        if self.actor.user not in deployed.drivers:
            drivers = ", ".join(sorted(deployed.drivers)) or "nobody"
            raise AccessError(f"{drivers} drove run {deployed.run}, not {self.actor.user}")
        try:
            if read_calendar(self.file).signed_off(deployed.run) is not None:
                raise AccessError(f"run {deployed.run} is signed off already")
        except ValueError as error:
            raise AccessError(str(error)) from None

    def _deed(self, deployed: Deployed) -> Deed:
        what = (
            f"deployment date: {iso_time(deployed.at)[:19]}Z",
            f"deployed by: {self.standing.person}, with {deployed.runbook}",
            "verified by: whoever approves this, having looked for themselves",
        )
        return Deed(self.context, SIGN_OFF, deployed.run, what)

    def _require(self, role: Role) -> None:
        if self.standing.role < role:
            raise AccessError(f"{self.standing}; it takes {role.word}")

    def _record(self, act: Act, change: Callable[[Calendar], Calendar]) -> None:
        """Change what is kept between the journal's intent and outcome."""
        try:
            self._close_abandoned()
            intent = self.journal.intent(self.actor, act)
            try:
                _kept(self.file).change(change, self.clock)
            except (DurableError, LockError, ValueError, OSError) as error:
                written = isinstance(error, DurableError) and error.written
                self.journal.outcome(self.actor, intent, written, evidence=str(error))
                raise AccessError(str(error)) from None
            self.journal.outcome(self.actor, intent, True)
        except JournalError as error:
            raise AccessError(f"it can't be recorded: {error}") from None

    def _close_abandoned(self) -> None:
        """Close what processes that died on the way left open, by what is kept. Raises JournalError."""
        for intent in abandoned_intents(self.journal.folder, self.actor.host):
            if intent.context != self.context or intent.action not in (LOOK, SIGN_OFF):
                continue
            try:
                kept = read_calendar(self.file)
            except ValueError:
                return
            at = intent.evidence.get("at") if isinstance(intent.evidence, Mapping) else None
            made = kept.looks if intent.action == LOOK else kept.signed
            done = any(each.at == at for each in made)
            close(self.journal, self.actor, intent, done, evidence={"read_back": True})


def deployments_of(
    settings: "Settings", clock: Clock, environ: Mapping[str, str] = os.environ
) -> Deployments:
    """What whoever runs this process may record of the chosen context."""
    return Deployments(
        settings.context,
        calendar_file(settings.state, settings.context),
        roles_in(settings.chosen).standing(this_person()),
        this_actor(environ),
        open_journal(settings.state, clock),
        clock,
        approvals_in(settings, clock, environ),
    )


def _kept(file: Path) -> SharedDocument[Calendar]:
    return SharedDocument(file, Calendar(), calendar_from, document_of)
