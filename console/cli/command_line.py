"""What every command has in common: its options, its settings, its monitor, and how it says that it can't.

Imports wait until they are needed: what a command doesn't use costs it nothing.
"""

import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from console.patience import within
from console.settings_memory import SettingsMemory, needed_by_a_trip

if TYPE_CHECKING:
    from console.domain.thresholds import Panel
    from console.monitor import Monitor
    from console.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

_LAST_PATIENCE = 5.0
"""Seconds that a settings file which doesn't answer has where nothing else is left to trip by."""


@dataclass(frozen=True, slots=True)
class Given:
    """The three options that every command takes, before the command's name or after it."""

    config: Path | None = None
    context: str | None = None
    state: Path | None = None

    def over(self, other: "Given") -> "Given":
        """These where they are given, else `other`'s."""
        return Given(self.config or other.config, self.context or other.context, self.state or other.state)


def with_settings(command: Command) -> Command:
    """The three options of `Given`."""
    for option in (
        click.option(
            "--state", type=click.Path(path_type=Path), help="The console's and the paper engine's folder."
        ),
        click.option("--context", metavar="NAME", help="Which engine of the settings."),
        click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The settings file."),
    ):
        command = option(command)
    return command


def with_drawing(command: Command) -> Command:
    """The options of how a screen is drawn: `fps` and `low_bandwidth`."""
    for option in (
        click.option("--low-bandwidth", is_flag=True, help="Paint seldom and plainly, on a slow line."),
        click.option(
            "--fps",
            type=click.FloatRange(0.2, 30),
            help="Paint this many times a second at most.  [default: 4]",
        ),
    ):
        command = option(command)
    return command


def with_wait(help_: str) -> Callable[[Command], Command]:
    """The option `--wait`, as the argument `seconds`, of a command that waits for the engine's word."""
    return click.option(
        "--wait",
        "seconds",
        type=click.FloatRange(0, 3600),
        default=10,
        show_default=True,
        metavar="SECONDS",
        help=help_,
    )


def with_yes(command: Command) -> Command:
    """The option `--yes` of a command that removes, as the argument `yes`."""
    return click.option(
        "--yes/--dry-run",
        "yes",
        default=False,
        help="Remove them; by default: what would be removed.",
    )(command)


def with_json(command: Command) -> Command:
    """The option `--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")(command)


def settings_of(ctx: click.Context, given: Given, *, context: str | None = None) -> "Settings":
    """The settings, with the options from anywhere on the line; `context` is the command's own default."""
    found = _found(*_chosen(ctx, given, context))
    if isinstance(found, str):
        fail(found)
    found.remember()
    return found.settings


def settings_for_trip(ctx: click.Context, given: Given, done: str = "tripped") -> "FoundSettings":
    """The settings; where there is a mistake in them, or their disk hangs, what can be tripped by instead.

    `done` is the word for what is done by them.
    """
    chosen, memory = _chosen(ctx, given, None)
    found = memory.silence or _found(chosen, memory)
    if isinstance(found, str):
        found = _instead(chosen, memory, found, done.capitalize())
    if isinstance(found, str):
        fail(f"{found}; nothing is {done}: no settings were found valid before", 3)
    return found


def settings_to_lower(ctx: click.Context, given: Given) -> "FoundSettings":
    """The settings, or what of them is sound: for what lowers the risk in the flags file that they name."""
    chosen, memory = _chosen(ctx, given, None)
    found = memory.silence or _found(chosen, memory)
    if isinstance(found, str):
        found = _lowered_by(chosen, memory, found)
    if isinstance(found, str):
        fail(found)
    return found


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """Settings to go by. `mistake` says why they aren't those that were asked for, and what they are.

    `remember` keeps them for the next start, which writes to the user's cache.
    """

    settings: "Settings"
    remember: Callable[[], None] = lambda: None
    mistake: str = ""


def _chosen(ctx: click.Context, given: Given, context: str | None) -> tuple[Given, SettingsMemory]:
    chosen = given.over(ctx.find_root().obj or Given()).over(Given(context=context))
    return chosen, SettingsMemory(chosen.config, chosen.context, chosen.state, os.environ)


def _found(chosen: Given, memory: SettingsMemory) -> FoundSettings | str:
    """The settings, or the first mistake in them."""
    recalled = memory.recall()
    if recalled is not None:
        return FoundSettings(recalled, memory.renew)
    settings = _loaded(chosen, os.environ)
    return settings if isinstance(settings, str) else FoundSettings(settings, lambda: memory.keep(settings))


def _instead(chosen: Given, memory: SettingsMemory, mistake: str, done: str) -> FoundSettings | str:
    """What a trip can go by in spite of the `mistake`, which comes back where there is nothing.

    That is what the file says without the variables that no trip needs, or else what was last found valid,
    or else what of the file has no mistake.
    """
    needed = needed_by_a_trip(os.environ)
    if not memory.silence and len(needed) < len(os.environ):
        settings = _loaded(chosen, needed)
        if not isinstance(settings, str):
            return FoundSettings(settings, mistake=f"{mistake}. {done} without such variables.")
    last = memory.recall_last_valid()
    if last is not None:
        return FoundSettings(last, mistake=f"{mistake}. {done} by those that were last found valid.")
    if memory.silence:
        return within(_LAST_PATIENCE, lambda: _found(chosen, memory), "settings") or mistake
    from console.settings_file import SettingsError  # noqa: PLC0415 (as below)

    try:
        return FoundSettings(_sound_part(chosen, ()), mistake=f"{mistake}. {done} by the rest of them.")
    except SettingsError:
        return mistake


def _lowered_by(chosen: Given, memory: SettingsMemory, mistake: str) -> FoundSettings | str:
    """What the flags file can be changed by in spite of the `mistake`, or what stands in the way.

    Where nobody can say what the settings file was to mean, that is what was last found valid.
    """
    from console.settings_file import FOR_THE_FLAGS_FILE, SettingsError, UnreadableError  # noqa: PLC0415

    try:
        if not memory.silence:
            part = _sound_part(chosen, FOR_THE_FLAGS_FILE)
            return FoundSettings(part, mistake=f"{mistake}. Done by the rest of them.")
    except UnreadableError:
        pass
    except SettingsError as error:
        return str(error)
    last = memory.recall_last_valid()
    words = f"{mistake}. Done by those that were last found valid."
    return mistake if last is None else FoundSettings(last, mistake=words)


def _sound_part(chosen: Given, needed: Collection[str]) -> "Settings":
    from console.settings_file import load_sound_part  # noqa: PLC0415 (as below)

    return load_sound_part(
        config=chosen.config,
        context=chosen.context,
        state=chosen.state,
        environ=needed_by_a_trip(os.environ),
        needed=needed,
    )


def _loaded(chosen: Given, environ: Mapping[str, str]) -> "Settings | str":
    from console.settings_file import SettingsError, load_settings  # noqa: PLC0415 (a tenth of a second)

    try:
        return load_settings(
            config=chosen.config, context=chosen.context, state=chosen.state, environ=environ
        )
    except SettingsError as error:
        return str(error)


def monitor_of(settings: "Settings", *, once: bool = False) -> "Monitor":
    from console.wiring import open_monitor  # noqa: PLC0415

    log_to(settings.state / "console.log")
    return open_monitor(settings, panels_of(settings), once=once)


def panels_of(settings: "Settings") -> "tuple[Panel, ...]":
    found = panels_or_mistake(settings)
    if isinstance(found, str):
        fail(found)
    return found


def panels_or_mistake(settings: "Settings") -> "tuple[Panel, ...] | str":
    """The panels to judge by, or the first mistake in their file."""
    from console.panels_memory import remembered  # noqa: PLC0415

    try:
        return remembered(settings.panels, lambda: _panels_in(settings.panels), os.environ)
    except _MistakenError as error:
        return str(error)


class _MistakenError(Exception):
    """The panels file has a mistake; the message is one line."""


def _panels_in(file: Path) -> "tuple[Panel, ...]":
    from console.panels import PanelError, load_panels  # noqa: PLC0415 (a remembered file needs neither)
    from console.promql.query import parse_query  # noqa: PLC0415 (as above)

    try:
        return load_panels(file, parse_query)
    except PanelError as error:
        raise _MistakenError(str(error)) from None


def log_to(file: Path) -> None:
    """Send the console's own log to `file`: on stderr it would be drawn over the screen.

    The file is made at the first line; where that isn't possible, or it is another user's, there is no log.
    A line that a full disk doesn't take is lost.
    """
    import logging  # noqa: PLC0415

    logging.raiseExceptions = False  # it would print to stderr what it could not write
    handler: logging.Handler = logging.NullHandler()
    if file.parent.is_dir() and os.access(file if file.exists() else file.parent, os.W_OK):
        from logging.handlers import RotatingFileHandler  # noqa: PLC0415

        handler = RotatingFileHandler(file, maxBytes=1_000_000, backupCount=2, delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)s] %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def operator() -> str:
    """Who the kernel says it is, whatever the environment says."""
    import pwd  # noqa: PLC0415

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def require_terminal() -> None:
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        fail("the console needs a terminal; without one there is `opsconsole status`")


def say(text: str) -> None:
    from console.domain.foreign import visible  # noqa: PLC0415

    click.echo(visible(text))


def tell(text: str) -> None:
    """Say it to whoever still listens: a terminal that is lost changes nothing about what is done."""
    try:
        say(text)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell_all(lines: Iterable[str]) -> None:
    for line in lines:
        tell(line)


def fail(problem: str, code: int = 2) -> NoReturn:
    warn(problem)
    sys.exit(code)


def warn(problem: str) -> None:
    """Say it on standard error, to whoever still listens."""
    from console.domain.foreign import visible  # noqa: PLC0415

    with suppress(OSError):
        click.echo(f"opsconsole: {visible(problem)}", err=True)
