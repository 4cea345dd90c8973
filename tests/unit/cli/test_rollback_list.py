"""What `rollback list` ends with: what isn't known is never taken for nothing."""

from console.cli.rollback import exit_code
from console.domain.rollback import Advice, Rollbacks

MET = Advice("crash", "Engine crash", "Full rollback", "rollback_full", "it is gone")


def test_nothing_is_told_by_zero_only_where_all_is_known() -> None:
    assert exit_code(Rollbacks(0.0)) == 0
    assert exit_code(Rollbacks(0.0, unknown=("Engine crash: no engine state",))) == 3
    assert exit_code(Rollbacks(0.0, (MET,), ("Slippage: not exported",))) == 1
