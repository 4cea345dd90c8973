"""What the commands share whose deeds raise risk: what has to be given for one, arming, the second person.

A command arms itself for as long as its deed takes, which the journal has; everything else it asks for.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import click

from console.cli.command_line import Command

if TYPE_CHECKING:
    from console.actions.approvals import Approvals
    from console.actions.arming import SafetyCatch
    from console.actions.checkpoint import Operator
    from console.actions.notify import Tell
    from console.domain.approval import Consent, Deed
    from console.domain.assessment import Assessment
    from console.domain.gate import Gate
    from console.settings import Settings

T = TypeVar("T")

ARMED_FOR = 120.0
"""Seconds that a command arms itself for at most."""


def with_confirmation(help_: str) -> Callable[[Command], Command]:
    """The option `--confirm`."""
    return click.option("--confirm", default="", metavar="WORDS", help=help_)


def with_override(help_: str) -> Callable[[Command], Command]:
    """The option `--override`."""
    return click.option("--override", default="", metavar="REASON", help=help_)


def with_second_person(command: Command) -> Command:
    """The options `--ask`, `--approval` and `--break-glass`, of which `SecondPerson` is made."""
    for option in (
        click.option(
            "--break-glass",
            default="",
            metavar="REASON",
            help="For admins, in an emergency: why nobody else is asked.",
        ),
        click.option(
            "--approval",
            metavar="ID",
            callback=request_id,
            help="The request that a second person has approved.",
        ),
        click.option("--ask", is_flag=True, help="Ask for a second person: says the id to approve."),
    ):
        command = option(command)
    return command


def request_id(_ctx: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """The id of a request as it is kept; for a parameter that takes one."""
    if given is None:
        return None
    from console.domain.approval import checked_id  # noqa: PLC0415

    try:
        return checked_id(given)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """How somebody else comes in: is asked, has approved the request `approval`, or is done without.

    What is asked for waits `lasting` seconds.
    """

    approvals: "Approvals"
    lasting: float
    ask: bool
    approval: str | None
    break_glass: str

    @property
    def absent(self) -> bool:
        """Whether nobody else is asked."""
        return bool(self.break_glass)

    def consent(self) -> "Consent | None":
        """What the approved request is worth; AccessError where it still waits, or is worth nothing."""
        return None if self.approval is None else self.approvals.consent(self.approvals.find(self.approval))

    def asked(self, deed: "Deed", reason: str) -> str:
        """Ask for the deed to be approved, if that is wanted: the id that it is approved by, or nothing."""
        return self.approvals.ask(deed, reason, lasting=self.lasting).id if self.ask else ""

    def taken(self, deed: "Deed") -> "Callable[[], Consent] | None":
        """What takes their consent right before the deed, or breaks the glass."""
        if self.approval is not None:
            return partial(self.approvals.use, self.approvals.find(self.approval))
        if self.break_glass:
            return partial(self.approvals.break_glass, deed, self.break_glass, lasting=ARMED_FOR)
        return None


def second_person(
    settings: "Settings", tell: "Tell", *, ask: bool, approval: str | None, break_glass: str
) -> SecondPerson:
    """The second person as the options of `with_second_person` have it; `tell` is who is told of it."""
    from console.actions.approvals import approvals_in  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    approvals = approvals_in(settings, SystemClock(), os.environ, tell=tell)
    return SecondPerson(approvals, settings.chosen.access.approvals_expire, ask, approval, break_glass)


def operator_here(
    settings: "Settings", catch: "SafetyCatch | None" = None, consent: "Consent | None" = None
) -> "Operator":
    """Whoever runs this process, armed as `catch` is."""
    from console.actions.checkpoint import Operator  # noqa: PLC0415
    from console.actions.roles import roles_in, this_person  # noqa: PLC0415

    standing = roles_in(settings.chosen).standing(this_person())
    return Operator(standing, None if catch is None else catch.arming, consent)


async def while_armed(
    settings: "Settings",
    reason: str,
    live: "Callable[[], Assessment]",
    deed: "Callable[[Operator, Assessment], T]",
) -> T:
    """Do the deed in a thread, armed for as long as it takes; `live` tells how things stand.

    Raises AccessError where it could not be armed, and what `deed` raises.
    """
    from console import threads  # noqa: PLC0415
    from console.actions.arming import SafetyCatch  # noqa: PLC0415
    from console.audit.actor import this_actor  # noqa: PLC0415
    from console.audit.open import open_journal  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    clock = SystemClock()
    catch = SafetyCatch(
        settings.context,
        settings.chosen.access,
        operator_here(settings).standing,
        journal=open_journal(settings.state, clock),
        actor=this_actor(os.environ),
        clock=clock,
        terminal=lambda: True,  # it ends with the command, whose terminal may be none
    )

    def armed_deed() -> T:
        now = live()
        catch.arm(reason, now.sources, server=now.wrong_server, lasting=ARMED_FOR)
        try:
            return deed(operator_here(settings, catch), live())
        finally:
            catch.disarm("the command is over")
            catch.close()

    return await threads.start(armed_deed, name="armed deed")


def lacking(gates: "Sequence[Gate]", *, alone: bool) -> "list[Gate]":
    """The gates that don't pass, but for arming, which the command sees to itself.

    Where it goes on `alone`, the second person's is left to what takes the consent right before the deed.
    """
    later = {"armed", "second person"} if alone else {"armed"}
    return [gate for gate in gates if gate.passes is not True and gate.name not in later]


def lack_line(gate: "Gate", options: Mapping[str, str]) -> str:
    """What is missing, and by which of the options, named by gate, it is given."""
    sign, option = "unknown" if gate.passes is None else "refused", options.get(gate.name)
    return f"{sign:<14} {gate.name}: {gate.words}{f': {option}' if option else ''}"
