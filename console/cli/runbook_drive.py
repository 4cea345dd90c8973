"""Driving a run from the command line until a person is needed, or it is over. What is refused is one line.

Exit codes: 0 passed, 1 failed or aborted, 3 a person is needed, or it is refused.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.command_line import Command, Given, fail, log_to, settings_of, tell, tell_all, warn

if TYPE_CHECKING:
    from console.cli.runbook_follow import Following
    from console.runbooks.deciding import Decision
    from console.runbooks.executor import Drive
    from console.runbooks.model import Runbook
    from console.runbooks.run import Run, Task
    from console.runbooks.world import World
    from console.settings import Settings


def with_parameters(command: Command) -> Command:
    """The option `--set`, as the argument `parameters`."""
    help_ = "A parameter, as often as needed."
    return click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help=help_)(command)


def with_decision(command: Command) -> Command:
    """The options of what a person decides, as `Decision` has them, and `--take-over`."""
    for option in (
        with_take_over,
        click.option("--wait", is_flag=True, help="Only look again whether it holds by now."),
        click.option("--approval", default="", metavar="ID", help="What a second person has approved."),
        click.option("--confirm", default="", metavar="WORDS", help="The words that the step asks for."),
        click.option("--skip", default="", metavar="REASON", help="Leave the step out, and why; for admins."),
        click.option("--again", is_flag=True, help="Do the failed step again."),
        click.option("--note", default="", metavar="TEXT", help="What the step asks to be written down."),
    ):
        command = option(command)
    return command


def with_take_over(command: Command) -> Command:
    """The option `--take-over`."""
    help_ = "Drive it in place of who does now, and why."
    return click.option("--take-over", default="", metavar="REASON", help=help_)(command)


def values_of(runbook: "Runbook", parameters: Iterable[str]) -> Mapping[str, str]:
    """The values of a runbook's parameters from what `--set` was given; a mistake ends with exit code 2."""
    pairs = [each.partition("=") for each in parameters]
    for name, sign, _ in pairs:
        if not sign:
            fail(f"--set {name}: a parameter is NAME=VALUE")
    try:
        return runbook.values({name: value for name, _, value in pairs})
    except ValueError as error:
        fail("; ".join(str(error).splitlines()))


@dataclass(frozen=True, slots=True)
class Wheel:
    """What a command drives runs with: the settings, and their file where the command line names one.

    Methods answer the exit code, and raise what is refused.
    """

    settings: "Settings"
    config: Path | None

    def named(self, name: str) -> "Runbook":
        """A runbook by its name or file; where there is none, or it has mistakes, that is exit code 2."""
        from console.runbooks.reading import RunbookError  # noqa: PLC0415
        from console.wiring.runbooks import NoRunbookError, runbook_named  # noqa: PLC0415

        try:
            return runbook_named(self.settings, name)
        except NoRunbookError as error:
            fail(str(error))
        except RunbookError as error:
            for problem in error.problems[:-1]:
                warn(problem)
            fail(error.problems[-1])

    def walk(self, runbook: "Runbook", values: Mapping[str, str]) -> int:
        """Say what a run would do, and what its checks say now; nothing is done or written."""
        from console.cli.runbook_told import walked_lines  # noqa: PLC0415
        from console.runbooks.watch_length import short_watches  # noqa: PLC0415
        from console.wiring.runbooks import walk_through  # noqa: PLC0415

        world, _ = self._world()
        for short in short_watches(runbook, values):
            warn(short)
        tell_all(walked_lines(walk_through(world, runbook, values)))
        return 0

    def begin(self, runbook: "Runbook", values: Mapping[str, str]) -> int:
        """Begin a run, and go on."""
        from console.runbooks.watch_length import short_watches  # noqa: PLC0415
        from console.wiring.runbooks import begin_run  # noqa: PLC0415

        world, following = self._world()
        drive = begin_run(self.settings, world, runbook, values)
        for short in short_watches(runbook, values):
            warn(short)
        tell(f"run            {drive.run.id}")
        return _told(drive, following, drive.go_on)

    def resume(self, run_id: str, decision: "Decision", take_over: str) -> int:
        """Come back to a run with what a person decides, and go on."""
        from console.runbooks.deciding import resume  # noqa: PLC0415
        from console.wiring.runbooks import take_run  # noqa: PLC0415

        world, following = self._world()
        drive = take_run(self.settings, world, run_id, take_over)
        return _told(drive, following, lambda: resume(drive, decision))

    def abort(self, run_id: str, reason: str, take_over: str) -> int:
        """End a run, and undo what was done, unless its runbook can't be read any more."""
        from console.runbooks.reading import RunbookError  # noqa: PLC0415
        from console.wiring.runbooks import end_unread_run, take_run  # noqa: PLC0415

        world, following = self._world()
        try:
            drive = take_run(self.settings, world, run_id, take_over)
        except RunbookError as error:
            warn(error.problems[0])
            ended, left = end_unread_run(self.settings, world, run_id, reason, take_over)
            tell(left)
            tell(ended.standing.value.upper())
            return exit_code(ended)
        drive.abort(reason)
        return _told(drive, following, drive.go_on)

    def stand_by(self, run_id: str) -> None:
        """Go on with a run in place of its driver, when that has gone."""
        from console.audit.actor import this_actor  # noqa: PLC0415
        from console.domain.clock import SystemClock  # noqa: PLC0415
        from console.runbooks.standing_by import Post, stand_by  # noqa: PLC0415
        from console.runbooks.store import store_of  # noqa: PLC0415
        from console.wiring.runbooks import runbook_of_run, world_of  # noqa: PLC0415

        def world() -> "World":
            opened = world_of(self.settings, tell=lambda _step: None, config=self.config)
            return replace(opened, stands_in=True)

        log_to(self.settings.state / "console.log")
        actor = this_actor(os.environ)
        post = Post(
            store=store_of(self.settings, os.environ),
            folder=self.settings.state / "runs" / run_id,
            own=actor.process,
            host=actor.host,
            world=world,
            read=runbook_of_run,
            wait=time.sleep,
            clock=SystemClock(),
        )
        stand_by(post, run_id)

    def _world(self) -> "tuple[World, Following]":
        from console.cli.runbook_follow import following_of  # noqa: PLC0415
        from console.wiring.runbooks import world_of  # noqa: PLC0415

        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost leaves nothing half done
        log_to(self.settings.state / "console.log")
        following = following_of(self.settings)
        return world_of(self.settings, tell=following.moved, config=self.config), following


def wheel_of(ctx: click.Context, given: Given) -> Wheel:
    """What the command's options say."""
    return Wheel(settings_of(ctx, given), given.over(ctx.find_root().obj or Given()).config)


@contextmanager
def told_refusals() -> Iterator[None]:
    """What is refused or can't be kept is one line, and exit code 3."""
    from console.runbooks.reading import RunbookError  # noqa: PLC0415
    from console.wiring.runbooks import REFUSED  # noqa: PLC0415

    try:
        yield
    except REFUSED as error:
        fail(str(error), 3)
    except RunbookError as error:  # of the text that a run keeps, which an older console took
        fail(error.problems[0], 3)


def exit_code(ended: "Run") -> int:
    """Of a run that is over."""
    from console.runbooks.run import Standing  # noqa: PLC0415

    return 0 if ended.standing is Standing.PASSED else 1


def _told(drive: "Drive", following: "Following", deed: "Callable[[], Task]") -> int:
    """Do it, say meanwhile what happens, and in the end who or what comes next."""
    from console.cli.runbook_told import asking_lines  # noqa: PLC0415
    from console.runbooks.run import Next  # noqa: PLC0415

    following.of(drive.run, drive.world.store)
    with following.going_on():
        task = deed()
    if task.next is Next.ASK:
        tell_all(asking_lines(drive.runbook, drive.run, task, drive.world.environment))
        return 3
    tell(f"report         opsconsole runbook report {drive.run.id}")
    tell(drive.run.standing.value.upper())
    return exit_code(drive.run)
