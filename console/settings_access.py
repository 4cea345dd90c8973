"""Who may do what in a context, as the settings state it: roles, arming, second persons.

Plain values: what a role's names mean on this machine is `console.actions.roles`. Tripping the kill switch
needs none of it.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from console.settings_values import Model, seconds


def _names(value: object) -> object:
    """Names as the system knows them, or numbers; YAML takes what is a number for one."""
    if not isinstance(value, list) or not all(_is_name(each) for each in value):
        raise ValueError("a list of names or of numbers as the system knows them, such as [alice, 1001]")
    return value


def _is_name(value: object) -> bool:
    if isinstance(value, str):
        return bool(value) and value.isprintable()
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32 - 1


Names = Annotated[list[str | int], BeforeValidator(_names)]
TwoPersonAction = Literal["kill.reset", "rollout.raise", "runbook.raise", "backup.restore", "release.back"]
"""The actions that can be made to need a second person; a misspelt one must not pass for none."""


class People(Model):
    """Users and groups of the operating system, each by its name or its number."""

    users: Names = Field(default_factory=list)
    groups: Names = Field(default_factory=list)


class Access(Model):
    """The roles of one context, and what is asked for before risk may rise there.

    Where no role is given, everyone is admin of the paper context and viewer of any other. Where one is,
    whoever is named under none is a viewer if `viewers` is left out, and has no role if it is given.
    `arm_for` is how long arming lasts, `idle` after how long without a key it ends, `approvals_expire` how
    long a request waits for the second person; all in seconds.
    """

    viewers: People | None = None
    operators: People | None = None
    admins: People | None = None
    arm_for: Annotated[float, BeforeValidator(seconds), Field(ge=5, le=8 * 3600)] = 600
    idle: Annotated[float, BeforeValidator(seconds), Field(ge=5, le=3600)] = 120
    two_person: list[TwoPersonAction] = Field(default_factory=list)
    approvals_expire: Annotated[float, BeforeValidator(seconds), Field(ge=30, le=86400)] = 900
