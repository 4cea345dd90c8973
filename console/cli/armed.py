"""What the commands share that put something back: gates told where they don't pass, else the deed, armed.

Exit codes: 0 done, 1 it went wrong: it says where it stands, 2 bad usage, 3 nothing was done.
"""

import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

from console.cli.command_line import fail, tell, tell_all
from console.cli.deed import SecondPerson, lack_line, lacking, operator_here, while_armed
from console.cli.watch import Watch

if TYPE_CHECKING:
    from console.actions.checkpoint import Operator
    from console.domain.approval import Consent, Deed
    from console.domain.assessment import Assessment
    from console.domain.gate import Gate

T = TypeVar("T")

OPTIONS = {
    "confirmation": "--confirm WORDS",
    "second person": "--ask, and then --approval ID",
}
"""What gives a gate that which is missing, in every such command."""


@dataclass(frozen=True, slots=True)
class Wanted(Generic[T]):
    """A deed as it is asked for. `gates` looks at what it needs, in a thread; `work` does it for whoever is
    armed, and takes the second person's consent right before.

    `options` give the gates, by their names, what is missing. `undone` is the last line where it isn't done;
    `begins` is called once nothing is missing.
    """

    deed: "Deed"
    reason: str
    gates: "Callable[[Operator, Assessment], Sequence[Gate]]"
    work: "Callable[[Operator, Assessment, Callable[[], Consent] | None], T]"
    options: Mapping[str, str]
    undone: str
    begins: Callable[[], None] = lambda: None


async def done_or_told(wanted: Wanted[T], watch: Watch, second: SecondPerson) -> T | None:
    """Do it where nothing is missing; else tell what would be done and what is missing: None.

    Raises AccessError where it was refused then, and what `work` raises.
    """
    from console import threads  # noqa: PLC0415

    live = watch.monitor.assessment()
    who = operator_here(watch.settings, consent=second.consent())
    gates = await threads.start(lambda: wanted.gates(who, live), name="gates")
    lacks = lacking(gates, alone=second.absent)
    if lacks:
        tell_all(f"would          {line}" for line in wanted.deed.what)
        tell_all(lack_line(gate, wanted.options) for gate in lacks)
        if request := second.asked(wanted.deed, wanted.reason):
            tell(f"asked          a second person has to run: opsconsole approve {request}")
        tell(wanted.undone)
        return None

    def work(who: "Operator", live: "Assessment") -> T:
        return wanted.work(who, live, second.taken(wanted.deed))

    wanted.begins()
    return await while_armed(watch.settings, wanted.reason, watch.monitor.newest, work)


def leave_with(command: Coroutine[object, object, int], wrong: type[Exception]) -> NoReturn:
    """Run the command to its end, and leave with its exit code; `wrong` is what went wrong on the way."""
    import asyncio  # noqa: PLC0415

    from console.domain.access import AccessError  # noqa: PLC0415

    try:
        sys.exit(asyncio.run(command))
    except AccessError as error:
        fail(str(error), 3)
    except wrong as error:
        fail(str(error), 1)
