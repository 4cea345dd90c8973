"""Every operation on every feature of a long file changes its own lines only, and means what was planned."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from random import Random

import pytest
import yaml

from console.actions.flags_file import Draft
from console.actions.rollout.draft import drafted
from console.domain.edits import Put
from console.domain.rollout.operations import (
    CanaryOnly,
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
)
from console.domain.rollout.plan import Plan, Refusal
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Stage
from console.sources.flags import parse_flags
from console.yaml_span import SpanError
from tests.unit.actions.rollout.flags_text import SYMBOLS, flags_lines, meant, only_these_differ, own_lines

LISTINGS = dict.fromkeys(SYMBOLS, "2")
NAME = "flags.yaml"


def operations(feature: str) -> Iterator[Operation]:
    """Everything that can be asked of a feature, for one symbol, for two and as a whole."""
    for symbols in (None, SYMBOLS[:1], SYMBOLS[1:3]):
        yield from (SetStage(feature, stage, symbols) for stage in Stage)
        yield from (Promote(feature, symbols), Demote(feature, symbols))
    yield from (CanaryOnly(feature, SYMBOLS[:1]), CanaryOnly(feature, SYMBOLS[1:4]), Disable(feature))
    yield from (Enable(feature), Enable(feature, Stage.CANARY), Enable(feature, Stage.PRODUCTION))


def draft_of(content: bytes, plan: Plan) -> Draft:
    return drafted(content, plan.edits, plan.after, NAME)


def plan_of(content: bytes, operation: Operation) -> Plan | Refusal:
    return planned(parse_flags(content, NAME), operation, LISTINGS, PAPER)


def test_the_sixty_features_are_about_six_hundred_lines() -> None:
    assert 550 <= len(flags_lines(Random(1))) <= 650


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("every", [151, pytest.param(1, marks=pytest.mark.campaign)])
def test_an_operation_changes_its_own_lines_only(line_end: str, every: int) -> None:
    """The 151st of what can be asked is another operation on another feature: each of them comes once."""
    lines = flags_lines(Random(1))
    content = (line_end.join(lines) + line_end).encode()
    flags, model = parse_flags(content, NAME), yaml.safe_load(content)
    asked = [operation for feature in flags.features for operation in operations(feature.name)]
    written = 0
    for operation in islice(asked, 0, None, every):
        plan = planned(flags, operation, LISTINGS, PAPER)
        for each in (plan,) if isinstance(plan, Plan) else plan.instead[:1]:
            mine = draft_of(content, each).mine
            *after, end = mine.decode().split(line_end)
            assert end == ""
            assert "\r" not in "".join(after)
            kept = only_these_differ(lines, after, own_lines(lines, each.edits))
            told = yaml.safe_load(mine) == meant(model, each)
            assert (kept, told) == (True, True), operation
            written += 1
    assert written > len(asked) / every / 2


FILE = b"features:\n  guard:\n    stage: shadow  # since May\n"


def test_a_plan_becomes_the_bytes_that_are_shown_and_written() -> None:
    plan = plan_of(FILE, SetStage("guard", Stage.PRODUCTION))
    assert isinstance(plan, Plan)
    assert draft_of(FILE, plan) == Draft(FILE, FILE.replace(b"shadow", b"production"))


def test_a_file_that_would_be_read_otherwise_than_planned_is_not_drafted() -> None:
    plan = plan_of(FILE, Disable("guard"))
    assert isinstance(plan, Plan)
    other = replace(plan.after, environment="production")
    with pytest.raises(SpanError, match=r"^flags.yaml:1:1: engines would read something else"):
        drafted(FILE, plan.edits, other, NAME)
    with pytest.raises(SpanError, match=r"^flags.yaml:1:1: engines would read something else"):
        drafted(FILE, [*plan.edits, Put(("features", "guard", "stage"), "production")], plan.after, NAME)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"a: &a 1\n", r"^flags.yaml:4:4: anchor &a"),
        (b"a: !!str 1\n", r"^flags.yaml:4:4: tag "),
        (b"a: {<<: {b: 1}}\n", r"^flags.yaml:4:5: merge key"),
        (b"a: 1\na: 2\n", r"^flags.yaml:5:1: 'a' appears twice"),
    ],
)
def test_a_file_that_can_only_be_read_is_not_drafted(text: bytes, why: str) -> None:
    plan = plan_of(FILE + text, Disable("guard"))
    assert isinstance(plan, Plan)
    with pytest.raises(SpanError, match=why):
        draft_of(FILE + text, plan)
