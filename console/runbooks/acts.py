"""What a runbook may do, with what each act does to the risk: the settings' commands, and this program's own
actions, which come with the guards and the journal that they have wherever they are called from.
"""

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.runbooks.model import ActionAct, CommandAct, Effect, Risk, SqlAct, Step, filled

COMMANDS: Mapping[str, Risk] = {
    "start": Risk.RAISES,
    "stop": Risk.LOWERS,
    "restart": Risk.RAISES,
    "trip_kill_switch": Risk.LOWERS,
    "reset_kill_switch": Risk.RAISES,
    "sync_positions": Risk.RAISES,
    "verify_positions": Risk.NONE,
    "test_trade": Risk.RAISES,
    "start_previous": Risk.RAISES,
    "start_spot": Risk.RAISES,
}
"""The settings' commands."""
STAY = ("start", "restart", "start_previous", "start_spot")
"""The commands of which something may never end: it has done its part once it has lived for a moment."""


@dataclass(frozen=True, slots=True)
class Program:
    """How this program is called again for the same context; `config` None is the default file.

    `two_person` are the actions for which the context asks for a second person.
    """

    context: str
    state: Path
    config: Path | None = None
    two_person: Collection[str] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """What says on the command line which context is meant."""
        config = () if self.config is None else ("--config", str(self.config))
        return (*config, "--context", self.context, "--state", str(self.state))

    def console(self, words: Collection[str]) -> tuple[str, ...]:
        """The argument list of one of this program's commands."""
        return (sys.executable, "-m", "console", *self.options, *words)

    def sql(self, file: Path) -> tuple[str, ...]:
        """The argument list that has the transaction in `file` done."""
        return (sys.executable, "-m", "console.runbooks.sql_process", *self.options, str(file))


@dataclass(frozen=True, slots=True)
class Action:
    """One action: `arguments` with the values that they may have (none: any), `words` of the command line.

    `deed` is what a second person agrees to, where one may be asked for. `whole`: what it does is there when
    it ends; the others ask an engine, which may do it later.
    """

    risk: Risk
    arguments: Mapping[str, Collection[str]]
    words: Callable[[Mapping[str, str]], tuple[str, ...]]
    deed: str = ""
    whole: bool = False


def stays(effect: Effect) -> bool:
    """Whether what it starts may never end."""
    return isinstance(effect, CommandAct) and effect.name in STAY


def comes_later(effect: Effect) -> bool:
    """Whether what it was to do may still come about once it has ended."""
    return not (isinstance(effect, ActionAct) and ACTIONS[effect.name].whole)


def risk_of(effect: Effect) -> Risk:
    """What an act does to the risk. What writes into the engine's books is trusted no more than a reset."""
    if isinstance(effect, SqlAct):
        return Risk.RAISES
    return COMMANDS[effect.name] if isinstance(effect, CommandAct) else ACTIONS[effect.name].risk


def raises(step: Step) -> bool:
    """Whether the step's act raises the risk, so that it has to pass the guard."""
    return step.effect is not None and risk_of(step.effect) is Risk.RAISES


def action_words(
    act: ActionAct, values: Mapping[str, str], program: Program, approval: str
) -> tuple[str, ...]:
    """The words of the command line that do the action; `values` stand for what its arguments name."""
    action = ACTIONS[act.name]
    words = action.words({**values, **{name: filled(text, values) for name, text in act.arguments.items()}})
    if action.deed and approval:
        return (*words, f"--approval={approval}")
    return (*words, "--ask") if action.deed in program.two_person else words


def _trip(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("kill", "trip", f"--scope={told['scope']}", f"--reason={told['reason']}")


def _reset(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("kill", "reset", f"--reason={told['reason']}", "--cause-acknowledged", _phrase(told))


def _shadow(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("flags", "set", "--stage=shadow", _why(told), "--", told["feature"])


def _off(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("flags", "disable", _why(told), "--", told["feature"])


def _stop(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("engine", "stop", f"--reason={told['reason']}")


def _release_back(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("release", "back", f"--reason={told['reason']}", f"--run={told['run']}", _phrase(told))


def _remove_coin(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("release", "remove-coin", f"--reason={told['reason']}")


def _record_release(told: Mapping[str, str]) -> tuple[str, ...]:
    """A runbook that asks which version it deploys has it recorded under that name, or refused."""
    called = (f"--version={told['version']}",) if "version" in told else ()
    return ("release", "record", "--deployed", f"--run={told['run']}", *called)


def _keep_release(_told: Mapping[str, str]) -> tuple[str, ...]:
    return ("release", "record")


def _healthy_release(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("release", "healthy", f"--run={told['run']}")


def _back_up(_told: Mapping[str, str]) -> tuple[str, ...]:
    return ("backup", "create")


def _restore(told: Mapping[str, str]) -> tuple[str, ...]:
    return ("backup", "restore", _why(told), _phrase(told), "--", told["backup"])


def _phrase(told: Mapping[str, str]) -> str:
    return f"--confirm={told['environment']} {told['context']}"


def _why(told: Mapping[str, str]) -> str:
    return f"--reason=run {told['run']}"


ACTIONS: Mapping[str, Action] = {
    "trip_kill_switch": Action(Risk.LOWERS, {"scope": ("all", "usdm", "coin"), "reason": ()}, _trip),
    "reset_kill_switch": Action(Risk.RAISES, {"reason": ()}, _reset, "kill.reset"),
    "feature_shadow": Action(Risk.LOWERS, {"feature": ()}, _shadow),
    "feature_off": Action(Risk.LOWERS, {"feature": ()}, _off),
    "stop_engine": Action(Risk.LOWERS, {"reason": ()}, _stop),
    "release_back": Action(Risk.RAISES, {"reason": ()}, _release_back, "release.back", whole=True),
    "remove_coin": Action(Risk.LOWERS, {"reason": ()}, _remove_coin, whole=True),
    "record_release": Action(Risk.NONE, {}, _record_release, whole=True),
    "keep_release": Action(Risk.NONE, {}, _keep_release, whole=True),
    "healthy_release": Action(Risk.NONE, {}, _healthy_release, whole=True),
    "backup": Action(Risk.NONE, {}, _back_up, whole=True),
    "restore_backup": Action(Risk.RAISES, {"backup": ()}, _restore, "backup.restore", whole=True),
}
"""The actions by name; their words are made of the arguments and of the built-in values."""
