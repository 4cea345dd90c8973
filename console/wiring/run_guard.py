"""The guard before what a run does that raises the risk: the same for every act, whoever drives the run.

What this program's own actions ask for besides, their commands say themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from console.actions.approvals import Approvals, approvals_in
from console.actions.arming import SafetyCatch
from console.actions.guard import Guard, Lack, Need, Risk
from console.actions.notify import Notices
from console.actions.roles import roles_in, this_person
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.domain.access import AccessError, Arming, Role, Standing
from console.domain.approval import Consent, Deed, Request
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.runbooks.model import ActionAct, Step, filled
from console.runbooks.run import Run, values_of
from console.settings import Settings

ACTION = "runbook.raise"
"""What the settings' `two_person` calls an act of a run that raises the risk."""
ARMED_FOR = 120.0
"""Seconds that a command arms itself for at most."""

Armed = Callable[[Assessment, str], AbstractContextManager[Arming | None]]
"""How it is armed while the guard looks: given how things stand, and a reason."""


@dataclass(frozen=True, slots=True)
class RunGuard:
    """The guard of one context for whoever runs this process.

    `live` looks at the context anew; `would` says what an act would do, given a run's values.
    """

    settings: Settings
    clock: Clock
    live: Callable[[], Assessment]
    would: Callable[[Step, Mapping[str, str]], str]
    armed: Armed
    approvals: Approvals

    def permit(self, step: Step, run: Run, approval: str) -> str:
        """What is missing before the step's act, in words; empty lets it pass.

        Where a second person has to agree, the request `approval` is used, or the one that was made for just
        this act; where nobody was asked yet, they are.
        """
        deed, live = self._deed(step, run), self.live()
        try:
            with self.armed(live, f"run {run.id}, step {step.name}") as arming:
                guard = self._guard(step, live, arming)
                lacks = self._lacks(guard, deed, step)
                if [lack.need for lack in lacks] == [Need.APPROVAL]:
                    guard = replace(guard, consent=self._consent(deed, approval))
                    lacks = self._lacks(guard, deed, step)
        except AccessError as error:
            return str(error)
        return "; ".join(lack.words for lack in lacks)

    def override(self, _run: Run) -> str:
        """What is missing for this person to leave out a step, in words."""
        standing = _standing(self.settings)
        return "" if standing.role >= Role.ADMIN else f"{standing}; it takes {Role.ADMIN.word}"

    def _guard(self, step: Step, live: Assessment, arming: Arming | None) -> Guard:
        two_person = {*self.settings.chosen.access.two_person, *([ACTION] if step.second_person else [])}
        return Guard(
            standing=_standing(self.settings),
            arming=arming,
            sources=[each for each in live.sources if each.name in own_sources(self.settings)],
            seen=live.at,
            now=self.clock.now(),
            wall=self.clock.wall(),
            server=live.wrong_server,
            two_person=() if isinstance(step.act, ActionAct) else two_person,  # its command takes the consent
        )

    def _lacks(self, guard: Guard, deed: Deed, step: Step) -> list[Lack]:
        """What is missing. Only what answers without an engine has to be fresh: the act may start one."""
        excused = isinstance(step.act, ActionAct) or not own_sources(self.settings)
        lacks = guard.missing(deed, Risk.RAISES, gates=())
        return [lack for lack in lacks if not (excused and lack.need is Need.FRESH)]

    def _deed(self, step: Step, run: Run) -> Deed:
        """The act as a second person sees it: what it says is the same for as long as the run goes on."""
        values = values_of(run, self.settings.chosen.environment, run.began)
        what = (filled(step.text, values), f"would {self.would(step, values)}")
        return Deed(run.context, ACTION, f"{run.id}/{step.name}", what)

    def _consent(self, deed: Deed, approval: str) -> Consent:
        """The consent to this deed, taken. AccessError where it isn't given yet, with how it is."""
        asked = self.approvals.find(approval) if approval else self._request(deed)
        if asked.deed != deed:
            raise AccessError(f"request {asked.id} is about something else")
        if not asked.approvals:
            raise AccessError(f"a second person has to approve it: opsconsole approve {asked.id}")
        return self.approvals.use(asked)

    def _request(self, deed: Deed) -> Request:
        """What this person has asked for just this deed, or asks now."""
        waiting, _ = self.approvals.waiting()
        own = [one for one in waiting if one.deed == deed and one.uid == this_person().uid]
        lasting = self.settings.chosen.access.approvals_expire
        return own[0] if own else self.approvals.ask(deed, deed.target, lasting=lasting)


def run_guard(
    settings: Settings,
    clock: Clock,
    environ: Mapping[str, str],
    *,
    live: Callable[[], Assessment],
    would: Callable[[Step, Mapping[str, str]], str],
    armed: Armed | None = None,
) -> RunGuard:
    """The guard of the chosen context; without `armed` it arms itself, which the journal has."""
    actor = this_actor(environ)

    @contextmanager
    def itself(now: Assessment, reason: str) -> Iterator[Arming | None]:
        catch = SafetyCatch(
            settings.context,
            settings.chosen.access,
            _standing(settings),
            journal=open_journal(settings.state, clock),
            actor=actor,
            clock=clock,
            terminal=lambda: True,  # it ends with the guard's look, and the command's terminal may be none
        )
        try:
            yield catch.arm(reason, now.sources, server=now.wrong_server, lasting=ARMED_FOR)
        finally:
            catch.disarm("the guard has looked")
            catch.close()

    notices = Notices(
        settings, clock, environ, journal=lambda: open_journal(settings.state, clock), who=lambda: actor
    )
    approvals = approvals_in(settings, clock, environ, tell=notices.tell)
    return RunGuard(settings, clock, live, would, armed or itself, approvals)


def _standing(settings: Settings) -> Standing:
    return roles_in(settings.chosen).standing(this_person())


def own_sources(settings: Settings) -> frozenset[str]:
    """The sources that the settings name, or an engine's file, and that answer whether or not one runs."""
    chosen, file = settings.chosen, settings.chosen.engine_file
    named = {"database": chosen.database, "exchange": chosen.exchange, "flags": chosen.flags_file}
    own = frozenset(name for name, surface in named.items() if surface is not None)
    return own | _OF_FILE if file is not None and file.exists() else own


_OF_FILE = frozenset({"database", "flags"})
"""What an engine's file names that is no process of its own: a paper engine starts its exchange itself."""
