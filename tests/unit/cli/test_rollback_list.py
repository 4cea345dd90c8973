"""What `rollback list` ends with: what isn't known is never taken for nothing."""

from console.cli.rollback import and_runs, exit_code
from console.domain.rollback import Advice, Rollbacks

MET = Advice("crash", "Engine crash", "Full rollback", "rollback_full", "it is gone")


def test_nothing_is_told_by_zero_only_where_all_is_known() -> None:
    assert exit_code(Rollbacks(0.0)) == 0
    assert exit_code(Rollbacks(0.0, unknown=("Engine crash: no engine state",))) == 3
    assert exit_code(Rollbacks(0.0, (MET,), ("Slippage: not exported",))) == 1


def test_runs_that_can_t_be_read_are_one_thing_more_that_isn_t_known() -> None:
    found, runs = and_runs(Rollbacks(0.0, unknown=("Slippage: not exported",)), "the server is gone")
    assert (found.unknown, runs) == (("Slippage: not exported", "open runs: the server is gone"), None)
    assert exit_code(and_runs(Rollbacks(0.0), "the server is gone")[0]) == 3
    assert and_runs(Rollbacks(0.0), ()) == (Rollbacks(0.0), ())
