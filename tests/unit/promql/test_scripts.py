"""The evaluator against scripts of worked examples, each answer reckoned by hand."""

from pathlib import Path

import pytest

from tests.promql_script import run

SCRIPTS = Path(__file__).with_name("scripts")


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.test")), ids=lambda path: path.stem)
def test_every_question_of_a_script_has_its_answer(script: Path) -> None:
    outcomes = list(run(script.read_text()))
    assert outcomes
    assert [one for one in outcomes if one.problem or one.foreign] == []


def test_a_script_that_expects_something_else_is_told_so() -> None:
    script = "load 1m\n  up 1\n\neval instant at 0 up\n  up 2\n\neval instant at 0 up\n  expect fail\n"
    assert [one.problem for one in run(script)] == ["got up{} [1.0], not up{} [2.0]", "it does not fail"]
