"""What a drill practises on: a paper engine, its scenario, code and flags, and how they are put back."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from console import paper_client
from console.actions.durable import digest
from console.actions.kill.armament import surfaces_of
from console.actions.open_drills import open_drill_file
from console.actions.releases.recorded import releases_of
from console.actions.rollout.history import Change, changes
from console.audit.open import folder_in
from console.runbooks.unattended import DRILL
from console.settings import Settings
from console.sources.engine import EngineFile, is_alive, read_engine_file
from console.sources.errors import SourceError
from console.wiring.paper_commands import paper_commands
from console.wiring.runbooks import program_of

_COMMAND_SECONDS = 900.0
_START_SECONDS = 60.0
_END_SECONDS = 10.0
_TICK = 0.05
_MOST_CHANGES = 10
"""Changes of the flags file that a drill may have made."""
_PUT_BACK = f"{DRILL}: put back"
"""The reason of what puts back."""


class DrillError(Exception):
    """Why a drill can't be begun, or couldn't be put back, as one line."""


class DrillGround:
    """A paper context. Everything is done by this program's own commands, with their guards and records.

    Methods raise DrillError, and what reading releases and the journal does.
    """

    def __init__(
        self,
        settings: Settings,
        config: Path | None,
        environ: Mapping[str, str],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        file = settings.chosen.engine_file
        if settings.chosen.environment != "paper" or file is None:
            kind = settings.chosen.environment
            raise DrillError(f"{settings.context} is {kind}: a drill is for a paper context")
        self._settings = settings
        self._environ = environ
        self._file = file
        self._wait = wait
        self._program = program_of(settings, config)
        self._commands = paper_commands(settings.chosen)

    @property
    def folder(self) -> Path:
        """The engine's state folder."""
        return self._file.parent

    def engine(self) -> EngineFile:
        """The engine that runs."""
        engine = self.running()
        if engine is None:
            raise DrillError("no paper engine runs here: opsconsole paper start")
        return engine

    def running(self) -> EngineFile | None:
        """The engine that runs, if one does."""
        engine = self._engine()
        return engine if engine is not None and is_alive(engine) else None

    def scenario(self, wanted: str = "") -> str:
        """The scenario that goes on; DrillError where there is none that is called as `wanted`."""
        try:
            now, known = paper_client.scenarios(self.engine())
        except paper_client.RefusedError as error:
            raise DrillError(str(error)) from None
        if wanted and wanted not in known:
            raise DrillError(f"there is no scenario {wanted}; allowed: {', '.join(known)}")
        return now

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
        """In a session of its own: a signal to this process's group isn't meant for what is half done."""
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                arguments,
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = self._ended(name, process)
            finally:
                if process.poll() is None:
                    _end(process)
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()
        if code:
            said = [" ".join(line.split()) for line in lines if line.strip()]
            raise DrillError(f"{name}: {'; '.join(said[-3:])}")

    def _ended(self, name: str, process: "subprocess.Popen[bytes]") -> int:
        until = time.monotonic() + _COMMAND_SECONDS
        while (code := process.poll()) is None:
            if time.monotonic() > until:
                raise DrillError(f"{name} takes too long")
            self._wait(_TICK)
        return code

    def have_backup(self) -> None:
        """Have one of now that was rehearsed: whatever an older one lacks, putting it back would lose."""
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

    def have_previous(self) -> None:
        """Have a release to go back to: where there is none, another is deployed over what stands there."""
        if releases_of(self._settings, self._environ).standing().previous.id is not None:
            return
        self.command("release", "healthy")
        version = self._file.parent / "app" / "VERSION"
        version.write_text(f"{version.read_text(encoding='utf-8').strip()}+{DRILL}\n", encoding="utf-8")
        self.command("release", "record", "--deployed")

    def has_release(self, release: str) -> bool:
        """Whether the release's files stand in the tree, all of them."""
        standing = releases_of(self._settings, self._environ).standing()
        is_due = standing.due is not None and standing.due.release.id == release
        return is_due and standing.as_due and not standing.past.without_coin

    def release_back(self, release: str) -> None:
        """End the engine, and put a release's files back."""
        self.stop()
        phrase = f"--confirm={self._settings.chosen.environment} {self._settings.context}"
        why = (f"--reason={_PUT_BACK}", f"--override={DRILL}: it stood there before")
        self.command("release", "back", f"--to={release}", *why, phrase)

    def flags(self) -> str:
        """The SHA-256 of the flags file, in hexadecimal."""
        named = surfaces_of(self._settings.chosen)
        if named.flags_file is None:
            raise DrillError(named.unfound or "the settings name no flags file")
        return digest(named.flags_file.read_bytes()).hex()

    def flags_back(self, wanted: str, began: float, ours: Collection[str]) -> str:
        """Have the flags file as it was: the drill's changes since `began`, whose reasons are `ours`, are
        taken back, the newest first. Nobody else's is: where there are only such, what stays, else "".
        """
        for _ in range(_MOST_CHANGES):
            now = self.flags()
            made = [one for one in self._changes() if one.at >= began]
            newest = next((one for one in made if one.left == now), None)
            if now == wanted or newest is None:
                break
            if not _is_ours(newest, ours):
                return self._kept_as_is(newest, _led_to(now, wanted, made), ours)
            if newest.wrote.get("enabled") is False:
                self._change_flags("enable", newest.feature, "--stage=shadow", newest.feature)
            elif newest.before.get("enabled") is False:
                self._as_before_off(newest)
                break
            else:
                self._change_flags("revert", newest.feature, str(newest.sequence))
        if self.flags() != wanted:
            raise DrillError("it isn't the same file: opsconsole flags history says who changed what")
        return ""

    def _changes(self) -> Sequence[Change]:
        return changes(folder_in(self._settings.state), self._settings.context)

    def _kept_as_is(self, newest: Change, led: Sequence[Change] | None, ours: Collection[str]) -> str:
        """What stays of others; DrillError where something of ours is beneath it, or may be."""
        stays = f"{newest.user} has changed {newest.feature} since, which stays"
        if led is not None and not any(_is_ours(one, ours) for one in led):
            return stays
        file = open_drill_file(self._settings.state, self._settings.context)
        raise DrillError(
            f"{stays}, and what the drill changed before it: opsconsole flags history says what;"
            f" once all is as it should be, remove {file}"
        )

    def _as_before_off(self, on_again: Change) -> None:
        """Have a feature that was switched off, and is on again in shadow, in the stages that it had."""
        feature, before = on_again.feature, on_again.before
        if before.get("stage"):
            self._change_flags("set", feature, f"--stage={before['stage']}", feature)
        of_symbols = before.get("symbol_stages")
        for symbol, stage in of_symbols.items() if isinstance(of_symbols, Mapping) else ():
            self._change_flags("set", feature, f"--stage={stage}", f"--symbol={symbol}", feature)

    def _change_flags(self, command: str, feature: str, *words: str) -> None:
        phrase = f"--confirm={self._settings.chosen.environment} {feature}"
        self.command("flags", command, f"--reason={_PUT_BACK}", f"--override={DRILL}", phrase, *words)

    def stop(self) -> None:
        """End the engine that runs, if one does."""
        self.command("engine", "stop", f"--reason={_PUT_BACK}")

    def start_anew(self, configuration: str) -> None:
        """End the engine that runs, if one does, and start it as it was, with that configuration."""
        self.stop()
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
            engine = self.running()
            if engine is not None and engine.pid == process.pid:
                return
            if process.poll() is not None:
                break
            self._wait(_TICK)
        raise DrillError(f"the engine doesn't start: see {said}")

    def _engine(self) -> EngineFile | None:
        try:
            return read_engine_file(self._file)
        except SourceError as error:
            raise DrillError(str(error)) from None


def configuration_of(engine: EngineFile) -> str:
    """The name of the configuration that the engine runs with."""
    return engine.text("configuration") or "futures"


def _is_ours(change: Change, ours: Collection[str]) -> bool:
    return change.reason == _PUT_BACK or change.reason in ours


def _led_to(now: str, wanted: str, made: Sequence[Change]) -> Sequence[Change] | None:
    """The changes, newest first, that made `now` of the file `wanted`; None where that isn't known."""
    led = list[Change]()
    for one in made:
        if now == wanted:
            break
        if one.left == now:
            led.append(one)
            now = one.seen
    return led if now == wanted else None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a command to end, and force it where it doesn't."""
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
