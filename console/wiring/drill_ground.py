"""What a drill practises on: a paper engine, its scenario, code and flags, and how they are put back."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from console import paper_client
from console.actions.backup.folder import backups_in
from console.actions.backup.place import folder_of
from console.actions.releases.recorded import releases_of
from console.runbooks.unattended import DRILL
from console.settings import Settings
from console.sources.engine import EngineFile, is_alive, read_engine_file
from console.sources.errors import SourceError
from console.wiring.paper_commands import paper_commands
from console.wiring.runbooks import newest_rehearsed, program_of

_COMMAND_SECONDS = 900.0
_START_SECONDS = 60.0
_TICK = 0.05


class DrillError(Exception):
    """Why a drill can't be begun, or couldn't be put back, as one line."""


class DrillGround:
    """A paper context. Everything is done by this program's own commands, with their guards and records.

    Methods raise DrillError, and what reading releases and the journal does.
    """

    def __init__(self, settings: Settings, config: Path | None, environ: Mapping[str, str]) -> None:
        file = settings.chosen.engine_file
        if settings.chosen.environment != "paper" or file is None:
            kind = settings.chosen.environment
            raise DrillError(f"{settings.context} is {kind}: a drill is for a paper context")
        self._settings = settings
        self._environ = environ
        self._file = file
        self._program = program_of(settings, config)
        self._commands = paper_commands(settings.chosen)

    def engine(self) -> EngineFile:
        """The engine that runs."""
        engine = self._engine()
        if engine is None or not is_alive(engine):
            raise DrillError("no paper engine runs here: opsconsole paper start")
        return engine

    def switch(self, scenario: str) -> None:
        """Have the engine's scenario go on. One that ends the engine may leave the question unanswered."""
        engine = self.engine()
        try:
            paper_client.switch_scenario(engine, scenario)
        except paper_client.RefusedError as error:
            if is_alive(engine):
                raise DrillError(str(error)) from None

    def command(self, *words: str) -> None:
        """Do one of this program's commands."""
        self._do(f"opsconsole {words[0]} {words[1]}", self._program.console(words))

    def sync(self) -> None:
        """Have the engine's books brought to what its exchange holds."""
        self._do("sync_positions", self._commands["sync_positions"])

    def _do(self, name: str, arguments: Sequence[str]) -> None:
        try:
            done = subprocess.run(
                arguments,
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DrillError(f"{name} takes too long") from None
        if done.returncode:
            said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise DrillError(f"{name}: {'; '.join(said[-3:])}")

    def have_backup(self) -> None:
        """Have one that was rehearsed."""
        if newest_rehearsed(backups_in(folder_of(self._settings))[0], self._settings.context) is None:
            self.command("backup", "create")
            self.command("backup", "rehearse")

    def have_deployed(self) -> str:
        """Have what stands in the tree known as deployed; its release's id."""
        standing = releases_of(self._settings, self._environ).standing()
        if not standing.as_due:
            self.command("release", "record", "--deployed")
            standing = releases_of(self._settings, self._environ).standing()
        if standing.due is None:
            raise DrillError(f"what stands in the tree isn't known as deployed: {standing.now}")
        return standing.due.release.id

    def have_previous(self) -> bool:
        """Have a release to go back to; whether another one was deployed for that, over what stood there."""
        self.have_deployed()
        if releases_of(self._settings, self._environ).standing().previous.id is not None:
            return False
        self.command("release", "healthy")
        version = self._file.parent / "app" / "VERSION"
        version.write_text(f"{version.read_text(encoding='utf-8').strip()}+{DRILL}\n", encoding="utf-8")
        self.command("release", "record", "--deployed")
        return True

    def release_back(self, release: str) -> None:
        """Put a release's files back."""
        phrase = f"--confirm={self._settings.chosen.environment} {self._settings.context}"
        self.command("release", "back", f"--to={release}", f"--reason={DRILL}: put back", phrase)

    def flags_back(self, feature: str, stage: str, *, was_off: bool) -> None:
        """Have the feature in its stage again; one that `was_off` comes back by way of shadow."""
        phrase = f"--confirm={self._settings.chosen.environment} {feature}"
        why = (f"--reason={DRILL}: put back", f"--override={DRILL}", phrase, feature)
        if was_off:
            self.command("flags", "enable", "--stage=shadow", *why)
        self.command("flags", "set", f"--stage={stage}", *why)

    def start_anew(self, configuration: str, wait: Callable[[float], None] = time.sleep) -> None:
        """End the engine that runs, if one does, and start it as it was, with that configuration."""
        self.command("engine", "stop", f"--reason={DRILL}: put back")
        said = self._file.with_name("engine.out")
        with said.open("ab") as output:
            process = subprocess.Popen(
                [*self._commands["start"], "--configuration", configuration],
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            engine = self._engine()
            if engine is not None and engine.pid == process.pid and is_alive(engine):
                return
            if process.poll() is not None:
                break
            wait(_TICK)
        raise DrillError(f"the engine doesn't start: see {said}")

    def _engine(self) -> EngineFile | None:
        try:
            return read_engine_file(self._file)
        except SourceError as error:
            raise DrillError(str(error)) from None
