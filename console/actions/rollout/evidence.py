"""What is known of a change before it is made: since when, what happened meanwhile, what is true now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.kill.armament import surfaces_of
from console.actions.rollout.look import Look
from console.actions.rollout.policy import policy_of
from console.actions.rollout.record import RolloutJournal
from console.actions.rollout.standing import in_stage
from console.actions.vigil_file import read_vigil, vigil_of
from console.domain.access import AccessError, Role
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.domain.rollout.following import Following
from console.domain.rollout.gates import Ground, InStage, Past, Present
from console.domain.rollout.plan import Plan
from console.domain.vigil import Vigil, joined
from console.sources.errors import SourceError

if TYPE_CHECKING:
    from console.settings import Settings

BOOKS_DEADLINE = 3.0
"""Seconds that each step of asking the database for liquidations may take."""
_OTHER_FILE = Following(doubt="the file has not been compared since it is as it is")


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who is asked: the journal and the vigil, git, the engine's books, and what is assessed now.

    `seen` is what this console has seen itself: of the last minute only that tells.
    """

    settings: "Settings"
    environ: Mapping[str, str]
    journal: RolloutJournal
    clock: Clock
    seen: Callable[[], Vigil]

    def ground(self, plan: Plan, look: Look, live: Assessment, *, phrase: str, role: Role) -> Ground:
        """All that the gates of `plan` are judged by. Waits for disks, git and the database."""
        feature, unread = plan.operation.feature, ""
        try:
            history = self.journal.history()
        except AccessError as error:
            history, unread = (), str(error)
        wall, standing = self.clock.wall(), _since_reset(in_stage(look, feature, history), live)
        return Ground(
            flags=look.flags,
            policy=policy_of(self.settings.chosen, feature),
            in_stage=standing,
            past=self._past(standing, wall, unread),
            present=_present(live, look, feature),
            phrase=phrase,
            role=role,
            wall=wall,
        )

    def _past(self, standing: InStage, wall: float, unread: str) -> Past:
        """What happened since the feature is in its stage; without that instant nothing of it can be told."""
        since = standing.since
        if since is None:
            return Past(0.0, (), None, standing.known_from)
        vigil, liquidations = self.seen(), None
        try:
            vigil = joined(read_vigil(vigil_of(self.settings.state, self.settings.context)), vigil)
            liquidations = self._liquidations(since)
        except (ValueError, SourceError) as error:
            unread = unread or str(error)
        return Past(vigil.watched(since, wall), vigil.critical_since(since), liquidations, unread)

    def _liquidations(self, since: float) -> int | None:
        """How many positions were liquidated since then; None in a context without a database."""
        from console.sources.liquidations import liquidated_since  # noqa: PLC0415 (drivers: only where asked)

        reader = _reader(self.settings)
        if reader is None:
            return None
        password = self.environ.get(reader.password_env) if reader.password_env else None
        return liquidated_since(
            reader.url, since, timeout=BOOKS_DEADLINE, password=password, ca_file=reader.ca_file
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the console reads the books."""

    url: str
    password_env: str | None
    ca_file: Path | None


def _reader(settings: "Settings") -> _Reader | None:
    named = settings.chosen.database
    if named is not None:
        return _Reader(named.url, named.password_env, named.ca_file)
    found = surfaces_of(settings.chosen)
    return None if found.database is None else _Reader(found.database, found.password_env, found.ca_file)


def _since_reset(standing: InStage, live: Assessment) -> InStage:
    """A feature that a trip had switched off stands as it does from the reset on."""
    last = live.last_trip
    began = None if last is None else last.reset if last.reset is not None else last.newest
    if began is None or standing.since is None or standing.since >= began:
        return standing
    return InStage(began, "the kill switch's last trip")


def _present(live: Assessment, look: Look, feature: str) -> Present:
    """What is true now. The engine's word counts for the very file that was looked at."""
    rollout = live.rollout
    compared = rollout.flags is not None and rollout.flags.digest == look.digest
    return Present(
        alerts=live.alerts,
        kill=live.kill,
        targets={status.metric.name: status.value for status in live.key_metrics},
        following=rollout.following(feature) if compared else _OTHER_FILE,
    )
