"""`backup restore`: its gates told a line each where they don't pass, and what came of it. Thin.

Exit codes: 0 restored, 1 it went wrong: it says which tables stand there, 2 bad usage, 3 nothing was done.
"""

import signal
import threading
from typing import TYPE_CHECKING, Any

import click

from console.cli.armed import OPTIONS, Wanted, done_or_told, leave_with
from console.cli.backup_told import ProgressLine
from console.cli.command_line import Given, fail, panels_of, settings_of, tell, tell_all, warn, with_settings
from console.cli.deed import SecondPerson, second_person, with_confirmation, with_second_person
from console.cli.watch import Watch, watching
from console.domain.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.actions.backup.create import Means
    from console.actions.backup.folder import Backup
    from console.actions.backup.restore import Restored, Restores
    from console.actions.checkpoint import Operator
    from console.actions.kill.switch import KillSwitch
    from console.domain.approval import Consent
    from console.domain.assessment import Assessment
    from console.domain.backup_progress import Progress
    from console.domain.restore_gates import Asked
    from console.domain.snapshot import Snapshot
    from console.settings import Settings

_OPTIONS = {**OPTIONS, "backup": "opsconsole backup verify"}
"""What gives a gate that which is missing."""
_EXCHANGE_WAIT = 65.0
"""Seconds more for an exchange that has not answered at first: whoever has made too many calls is refused for
the rest of the minute, and to ask for the restore again at once makes still more.
"""


@click.command()
@with_settings
@click.argument("name", metavar="NAME|FILE")
@click.option("--reason", required=True, help="Why it is restored, for the journal.")
@with_confirmation("Environment and context; without them: what would happen.")
@with_second_person
@click.pass_context
def restore(
    ctx: click.Context,
    /,
    *,
    name: str,
    reason: str,
    confirm: str,
    ask: bool,
    approval: str | None,
    break_glass: str,
    **given: Any,
) -> None:
    """Put a backup in the place of the book, whole or not at all, while no engine lives and all is tripped.

    What stands there is backed up before, and its tables are kept. The trading switches aren't set back.
    """
    settings = settings_of(ctx, Given(**given))
    from console.actions.backup.errors import BackupError  # noqa: PLC0415
    from console.actions.backup.folder import backup_named  # noqa: PLC0415
    from console.actions.backup.place import folder_of  # noqa: PLC0415
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.domain.restore_gates import Asked  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost leaves nothing half done
    switch = KillSwitch(settings)
    second = second_person(settings, switch.notices.tell, ask=ask, approval=approval, break_glass=break_glass)
    try:
        backup = backup_named(folder_of(settings), name)
    except BackupError as error:
        fail(str(error), 3)
    leave_with(_Command(settings, switch, backup, Asked(reason, confirm), second).run(), BackupError)


def exchange_told(live: "Assessment") -> bool:
    """Whether the exchange has answered by now, where the context has one."""
    exchange = live.snapshot.exchange
    return not exchange.configured or exchange.usable(live.at)


class Stop:
    """What ends a restore in order, with all tables as before, when somebody asks for it while it loads."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def listen(self) -> None:
        """From now on SIGTERM and Ctrl+C are no more than asking."""
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda _sign, _frame: self._asked.set())

    def look(self, _progress: "Progress") -> None:
        """Raise BackupError where somebody has asked."""
        from console.actions.backup.errors import BackupError  # noqa: PLC0415

        if self._asked.is_set():
            raise BackupError("it was told to stop")


class _Command:
    """One `backup restore`."""

    def __init__(
        self,
        settings: "Settings",
        switch: "KillSwitch",
        backup: "Backup",
        asked: "Asked",
        second: SecondPerson,
    ) -> None:
        self._settings = settings
        self._switch = switch
        self._backup = backup
        self._asked = asked
        self._second = second
        self._stop = Stop()
        self._line = ProgressLine(SystemClock())

    async def run(self) -> int:
        """Do it where nothing is missing; the exit code."""
        from console import threads  # noqa: PLC0415
        from console.wiring.backups import means_of  # noqa: PLC0415

        async with watching(self._settings, self._switch, panels_of(self._settings)) as watch:
            await watch.until_answered()
            await self._until_exchange_told(watch)
            restores = self._restores(means_of(self._settings, self._look), watch.monitor.assessment())
            wanted = Wanted(
                deed=restores.deed(self._backup, self._asked),
                reason=self._asked.reason,
                gates=lambda who, live: restores.gates(self._backup, self._asked, who, live),
                work=self._work(restores, watch.monitor.newest),
                options=_OPTIONS,
                undone="NOT RESTORED",
                begins=self._stop.listen,
            )
            done = await done_or_told(wanted, watch, self._second)
            if done is None:
                return 3
            seen = watch.monitor.snapshot()
            lacking_now = await threads.start(lambda: self._lacking(seen), name="what is lacking")
        tell(f"old tables     {done.kept}")
        if done.complaint:
            tell(f"journal        {done.complaint}")
        tell_all(lacking_now)
        tell("RESTORED: opsconsole verify looks through the ledger and against the exchange")
        return 0

    async def _until_exchange_told(self, watch: Watch) -> None:
        seen = watch.monitor.snapshot()
        if not exchange_told(watch.monitor.assessment()):
            warn(f"{seen.exchange.doubt(seen.at)}: {_EXCHANGE_WAIT:g} s are given to it")
            await watch.until(exchange_told, _EXCHANGE_WAIT)

    def _work(
        self, restores: "Restores", now: "Callable[[], Assessment]"
    ) -> "Callable[[Operator, Assessment, Callable[[], Consent] | None], Restored]":
        """The restore itself, for whoever is armed."""

        def restore(
            who: "Operator", live: "Assessment", approved: "Callable[[], Consent] | None"
        ) -> "Restored":
            try:
                return restores.restore(
                    self._backup,
                    self._asked,
                    who,
                    live,
                    now=now,
                    approved=approved,
                    begun=self._begun,
                )
            finally:
                self._line.end()

        return restore

    def _lacking(self, seen: "Snapshot") -> list[str]:
        """What the restored book lacks against the exchange, a line for each contract."""
        from console.domain.losses import gap_lines  # noqa: PLC0415
        from console.wiring.backups import losses_of  # noqa: PLC0415

        told = losses_of(self._settings, self._backup, seen=seen)
        unknown = (f"can't be told: {why}" for why in told.unknown)
        return [f"exchange       {line}" for line in (*gap_lines(told), *unknown)]

    def _look(self, progress: "Progress") -> None:
        self._stop.look(progress)
        self._line.look(progress)

    def _begun(self, before: "Backup") -> None:
        self._line.end()
        tell(f"before it      {before.file}")

    def _restores(self, means: "Means", live: "Assessment") -> "Restores":
        from console.actions.backup.errors import BackupError  # noqa: PLC0415
        from console.domain.access import AccessError  # noqa: PLC0415
        from console.wiring.backups import restores_of  # noqa: PLC0415

        try:
            return restores_of(self._settings, means, live)
        except BackupError as error:
            raise AccessError(f"not restored: {error}") from None
