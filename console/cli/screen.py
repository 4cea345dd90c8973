"""The screen as commands open it: drawn as the settings and the command line want it."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.command_line import fail
from console.own_folder import own_folder

if TYPE_CHECKING:
    from console.actions.alert_deeds import AlertDeeds
    from console.actions.deployments import Deployments
    from console.actions.kill.switch import KillSwitch
    from console.actions.rollout.rollout import Rollout
    from console.actions.vigil_file import VigilFile
    from console.audit.anchors import Witness
    from console.audit.follow import Follower, Look
    from console.black_box import BlackBox
    from console.domain.access import Arming, Standing
    from console.domain.clock import Clock
    from console.settings import Settings
    from console.tui.access import Access
    from console.tui.app import OpsConsole
    from console.tui.tools import Tools
    from console.tui.view import ContextView
    from console.tui.watched import Watched
    from console.tui.wishes import Wishes
    from console.wiring.open_runs import OpenRuns
    from console.wiring.rollback_desk import RollbackDesk
    from console.wiring.run_desk import RunDesk


def run_screen(
    settings: "Settings",
    context: "ContextView",
    watch: "Callable[[], Watched]",
    *,
    tools: "Tools | None" = None,
    fps: float | None = None,
    low_bandwidth: bool = False,
    box: "BlackBox | None" = None,
) -> int:
    """Show `context` until the operator leaves; returns the exit code. `fps` comes before the settings'.

    `box` records what is shown, and the keys; `tools` are what things are done with, which a replay has not.
    """
    from console.tui.app import OpsConsole  # noqa: PLC0415 (no other command needs textual)
    from console.tui.keymap import KeymapError  # noqa: PLC0415
    from console.tui.tools import NO_TOOLS  # noqa: PLC0415

    try:
        console = OpsConsole(
            context,
            watch,
            wishes=_wishes(settings, low_bandwidth),
            tools=tools or NO_TOOLS,
            fps=fps or settings.screen.fps,
            on_key=None if box is None else box.pressed,
            unrecorded=lambda: "" if box is None else box.note,
        )
    except KeymapError as error:
        fail(f"{settings.place_of_key(error.action)}: keys.{error.action}: {error}")
    return run(console)


def standing_here(settings: "Settings") -> "Standing":
    """What whoever runs this may do in the context. Nobody without a role opens a screen on it."""
    from console.actions.roles import roles_in, this_person  # noqa: PLC0415 (as said above)
    from console.domain.access import Role  # noqa: PLC0415 (as said above)

    standing = roles_in(settings.chosen).standing(this_person())
    if standing.role is Role.NONE:
        fail(f"{standing}. `opsconsole kill trip` is open to everybody", 1)
    return standing


def access_of(
    settings: "Settings", switch: "KillSwitch", standing: "Standing", clock: "Clock", leaving: ExitStack
) -> "Access":
    """What raising risk takes; `leaving` ends it with the screen. Imports a lot: to be called in a thread."""
    from console.actions.approvals import approvals_in  # noqa: PLC0415 (as said)
    from console.actions.arming import SafetyCatch  # noqa: PLC0415 (as said)
    from console.actions.roles import person_of  # noqa: PLC0415 (as said)
    from console.audit.actor import this_actor  # noqa: PLC0415 (as said)
    from console.audit.open import open_journal  # noqa: PLC0415 (as said)
    from console.tui.access import Access  # noqa: PLC0415 (as said)

    rules, actor = settings.chosen.access, this_actor(os.environ)
    journal = open_journal(settings.state, clock)
    catch = SafetyCatch(settings.context, rules, standing, journal=journal, actor=actor, clock=clock)
    leaving.callback(catch.close)
    others = approvals_in(settings, clock, os.environ, tell=switch.notices.tell)
    return Access(catch, others, switch, rules.approvals_expire, lambda uid: str(person_of(uid)))


def rollout_of(settings: "Settings", clock: "Clock", vigil: "Callable[[], VigilFile]") -> "Rollout":
    """What changes features' stages; `vigil` is this console's. Imports a lot: to be called in a thread."""
    from console.actions.rollout.rollout import Rollout  # noqa: PLC0415 (as said)

    return Rollout(settings, clock, seen=lambda: vigil().seen)


def marking_of(settings: "Settings", clock: "Clock") -> "AlertDeeds":
    """What mutes alerts; closes what broke off in the journal. Imports a lot: to be called in a thread."""
    from console.actions.alert_deeds import alert_deeds  # noqa: PLC0415 (as said)
    from console.actions.alert_reconcile import close_abandoned  # noqa: PLC0415 (as said)
    from console.domain.access import AccessError  # noqa: PLC0415 (as said)

    deeds = alert_deeds(settings, clock, os.environ)
    with suppress(AccessError):  # who mutes nothing without a journal says so
        close_abandoned(deeds)
    return deeds


def calendar_of(settings: "Settings", clock: "Clock") -> "Deployments":
    """What says when to look after a deployment. Imports a lot: to be called in a thread."""
    from console.actions.deployments import deployments_of  # noqa: PLC0415 (as said)

    return deployments_of(settings, clock)


def runs_of(
    settings: "Settings", clock: "Clock", access: "Callable[[], Access]", config: Path | None
) -> "RunDesk":
    """What drives runbooks, armed as the screen is. Imports a lot: to be called in a thread."""
    from console.wiring.run_desk import RunDesk  # noqa: PLC0415 (as said)

    def armed(_live: object, _why: str) -> "nullcontext[Arming | None]":
        return nullcontext(access().catch.arming)

    return RunDesk(settings, clock, os.environ, armed, config)


def open_runs_of(settings: "Settings", clock: "Clock") -> "OpenRuns":
    """What reads which runs are open; what that needs is imported when it is wanted."""
    from console.wiring.open_runs import OpenRuns  # noqa: PLC0415 (as said)

    return OpenRuns(settings, clock, os.environ)


def guide_of(settings: "Settings", clock: "Clock") -> "RollbackDesk":
    """What knows the ways back; what that needs is imported when it is wanted."""
    from console.wiring.rollback_desk import RollbackDesk  # noqa: PLC0415 (as said)

    return RollbackDesk(settings, clock, os.environ)


def _wishes(settings: "Settings", low_bandwidth: bool) -> "Wishes":
    from console.tui.wishes import Wishes  # noqa: PLC0415 (as said)

    drawn, own = settings.screen, own_folder(settings.state)
    slow = True if low_bandwidth else None if drawn.low_bandwidth == "auto" else drawn.low_bandwidth
    return Wishes(theme=drawn.theme, low_bandwidth=slow, keys=settings.keys, state=own)


def run(console: "OpsConsole") -> int:
    """Show it until the operator leaves; returns the exit code, which after a crash is 1."""
    from console import heap  # noqa: PLC0415 (as said)
    from console.tui import garbage  # noqa: PLC0415 (as said)

    heap.hold_together()  # before there are threads
    garbage.keep()
    left = console.run()
    return 1 if left is None else left


class Journal:
    """The journal of a state folder, for whoever opens its screen: what that needs is imported then."""

    def __init__(self, state: Path, witnesses: "Sequence[Witness]") -> None:
        self.folder = state / "audit"
        self._state = state
        self._witnesses = witnesses
        self._follower: Follower | None = None

    def look(self, *, verify_now: bool = False) -> "Look":
        """What is in it now."""
        if self._follower is None:
            from console.audit.follow import Follower  # noqa: PLC0415 (as said above)
            from console.audit.open import anchor_in  # noqa: PLC0415 (as said above)
            from console.domain.clock import SystemClock  # noqa: PLC0415 (as said above)

            witnesses = (anchor_in(self._state), *self._witnesses)
            self._follower = Follower(self.folder, witnesses, SystemClock())
        return self._follower.look(verify_now=verify_now)
