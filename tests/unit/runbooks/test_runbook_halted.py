"""Nothing trades where the kill switch is tripped, or where it is set and no engine runs to say so."""

from dataclasses import replace
from typing import NoReturn

import pytest

from console.domain.clock import SystemClock
from console.domain.kill_state import KillState, Verdict
from console.runbooks.askable import Surroundings, checks_of, halted
from console.sources.errors import SourceError
from tests.unit.domain.worlds import healthy, judged


@pytest.mark.parametrize(
    ("state", "alive", "passes"),
    [
        (KillState.TRIPPED, True, True),
        (KillState.TRIPPED, None, True),
        (KillState.UNCONFIRMED, False, True),
        (KillState.UNCONFIRMED, True, False),
        (KillState.UNCONFIRMED, None, False),
        (KillState.CLEAR, False, False),
        (KillState.PARTIAL, False, False),
        (KillState.UNKNOWN, False, None),
    ],
)
def test_it_takes_proof_that_nothing_trades(
    state: KillState, alive: bool | None, passes: bool | None
) -> None:
    assert halted(Verdict(state, "as it is"), alive).passes is passes


@pytest.mark.parametrize(
    ("alive", "ended", "passes"),
    [(None, True, True), (None, False, False), (None, None, False), (True, True, False)],
)
def test_where_the_engine_has_no_file_its_unit_or_pid_file_proves_its_end(
    alive: bool | None, ended: bool | None, passes: bool
) -> None:
    live = judged(healthy())
    live = replace(live, kill=Verdict(KillState.UNCONFIRMED, "set"), engine=replace(live.engine, alive=alive))
    around = Surroundings(
        look=lambda *_: live, ledger=none, database=none, begun=lambda *_: None, clock=SystemClock(),
        wait=lambda _: None, ended=lambda: ended,
    )  # fmt: skip
    assert checks_of(around)["halted"]({}).passes is passes


def none() -> NoReturn:
    raise SourceError("nobody asks it")
