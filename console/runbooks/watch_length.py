"""How long a run has to watch that nothing goes wrong: less than an alert takes to fire proves nothing."""

from collections.abc import Mapping

from console.runbooks.model import Kind, Parameter, Risk, Runbook, seconds_in

SLOWEST = "5m"
"""For how long sync errors and slippage have to last before the deployment guide's alerts of them fire."""
_PRACTISED_IN = "paper"


def too_short(runbook: Runbook, parameter: Parameter, given: str) -> str:
    """Why a watch of this length proves nothing; empty where it does, or the parameter is of no watch.

    A runbook that by itself watches for less is content with that.
    """
    length, least = seconds_in(given.strip()), _least(runbook, parameter)
    if length is None or length >= (seconds_in(least) or 0.0):
        return ""
    return f"at least {least}: an alert may take {SLOWEST} to fire, so less proves nothing"


def short_watches(runbook: Runbook, values: Mapping[str, str]) -> tuple[str, ...]:
    """The same of all that is given, each with its name."""
    found = ((one, too_short(runbook, one, values.get(one.name, ""))) for one in runbook.parameters)
    return tuple(f"{one.name} {values[one.name]}: {why}" for one, why in found if why)


def takes_short_watches(runbook: Runbook, environment: str) -> bool:
    """Whether it may be run with such a watch all the same: to practise, or as it only lowers the risk.

    A way back isn't held up for its last step either: the first ones stop what goes wrong.
    """
    return environment == _PRACTISED_IN or runbook.risk is Risk.LOWERS or runbook.rollback is not None


def _least(runbook: Runbook, parameter: Parameter) -> str:
    """How long the watch is to be; empty of what is none, or has no length of its own."""
    watched = {step.holds_for for step in runbook.steps}
    if parameter.kind is not Kind.DURATION or f"{{{parameter.name}}}" not in watched:
        return ""
    default = parameter.default or ""
    return default if (seconds_in(default) or 0.0) < (seconds_in(SLOWEST) or 0.0) else SLOWEST
