"""Operation after operation on one file that people edit too: no byte changes elsewhere, and no meaning."""

from random import Random

import hypothesis
import pytest
import yaml
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from console.actions.rollout.draft import drafted
from console.domain.rollout.operations import (
    CanaryOnly,
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
    Undo,
)
from console.domain.rollout.plan import Plan, Refusal
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Dialect, Stage
from console.sources.flags import parse_flags
from tests.unit.actions.rollout.flags_text import SYMBOLS, flags_lines, meant, only_these_differ, own_lines

NAME, BOM = "flags.yaml", b"\xef\xbb\xbf"
LISTINGS = dict.fromkeys(SYMBOLS, "2")
_comment = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"),
    max_size=20,
).filter(lambda text: all(ord(letter) & 0xFFFE != 0xFFFE for letter in text))
_feature = st.integers(0, 4).map("feature_{}".format)
_symbols = st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=3, unique=True).map(tuple)
_stage = st.sampled_from(Stage)
_scope = st.none() | _symbols
_operation = st.one_of(
    st.builds(SetStage, _feature, _stage, _scope),
    st.builds(Promote, _feature, _scope),
    st.builds(Demote, _feature, _scope),
    st.builds(CanaryOnly, _feature, _symbols),
    st.builds(Disable, _feature),
    st.builds(Enable, _feature, _stage),
)


class Desk(RuleBasedStateMachine):
    """A console, and somebody with an editor who writes comments."""

    written = 0

    @initialize(
        seed=st.integers(0, 1000),
        comments=st.lists(_comment, min_size=1, max_size=4),
        line_end=st.sampled_from(["\n", "\r\n"]),
        mark=st.sampled_from([b"", BOM]),
        dialect=st.sampled_from([PAPER, Dialect()]),
    )
    def begin(self, seed: int, comments: list[str], line_end: str, mark: bytes, dialect: Dialect) -> None:
        self.line_end, self.mark, self.dialect = line_end, mark, dialect
        self.lines = flags_lines(Random(seed), 5, comments)
        self.last: Plan | None = None

    @property
    def content(self) -> bytes:
        return self.mark + "".join(line + self.line_end for line in self.lines).encode()

    @rule(operation=_operation)
    def operate(self, operation: Operation) -> None:
        found = self._planned(operation)
        self._write(found if isinstance(found, Plan) else next(iter(found.instead), None))

    @precondition(lambda self: self.last is not None)
    @rule()
    def undo(self) -> None:
        """Take the last change back, as a change of its own."""
        assert self.last is not None
        feature, wrote, before = self.last.operation.feature, self.last.wrote, self.last.before
        found = self._planned(Undo(feature, wrote, before))
        if isinstance(found, Plan):
            self._write(found)

    @rule(comment=_comment, at=st.integers(0, 200), indent=st.integers(0, 8))
    def comment_by_hand(self, comment: str, at: int, indent: int) -> None:
        self.lines.insert(at % (len(self.lines) + 1), f"{' ' * indent}# {comment}")

    @rule(comment=_comment, at=st.integers(0, 200))
    def remark_by_hand(self, comment: str, at: int) -> None:
        """A comment behind what a line says."""
        self.lines[at % len(self.lines)] += f"  # {comment}"

    @invariant()
    def no_canary_is_for_everyone_by_an_empty_list(self) -> None:
        features = yaml.safe_load(self.content)["features"].values()
        assert all(
            feature.get(key) != [] for feature in features for key in ("canary_symbols", "allowed_symbols")
        )

    def _planned(self, operation: Operation) -> Plan | Refusal:
        return planned(parse_flags(self.content, NAME), operation, LISTINGS, self.dialect)

    def _write(self, plan: Plan | None) -> None:
        self.last = plan
        if plan is None:
            return
        before = self.content
        mine = drafted(before, plan.edits, plan.after, NAME).mine
        assert mine.startswith(self.mark)
        after = mine[len(self.mark) :].decode().split(self.line_end)
        assert after.pop() == ""
        kept = only_these_differ(self.lines, after, own_lines(self.lines, plan.edits))
        told = yaml.safe_load(mine) == meant(yaml.safe_load(before), plan)
        assert (kept, told) == (True, True)
        self.lines = after
        Desk.written += 1


def test_many_operations_change_nothing_else() -> None:
    assert _run(examples=5, steps=20) > 25


@pytest.mark.campaign
def test_ten_thousand_operations_change_nothing_else() -> None:
    assert _run(examples=1000, steps=50) >= 10_000


def _run(examples: int, steps: int) -> int:
    """How many changes were written."""
    before = Desk.written
    run_state_machine_as_test(
        Desk, settings=hypothesis.settings(max_examples=examples, stateful_step_count=steps)
    )
    return Desk.written - before
