"""Nothing trades where the kill switch is tripped, or where it is set and no engine runs to say so."""

import pytest

from console.domain.kill_state import KillState, Verdict
from console.runbooks.askable import halted


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
