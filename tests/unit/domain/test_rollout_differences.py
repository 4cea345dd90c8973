"""Columns of differences come to what looking cell by cell comes to, over any history of file and engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from console.domain.metrics import Series, column_of
from console.domain.rollout.differences import Differences, Drifting, differences
from console.domain.rollout.loaded import loaded, stage_of
from console.domain.rollout.stages import UNTOLD, Stage, StageRule

FEATURES, SYMBOLS = ("guard", "exits", "old"), ("BTC", "SOL", "ETH/USD", "ETH")
ACCOUNTS = {"BTC": "2", "SOL": "2", "ETH/USD": "3", "ETH": None}
LIMIT = 2.0

Cell = tuple[str, str]


@dataclass
class CellByCell:
    """The slow way: a dictionary of cells, each looked at anew each time."""

    since: dict[Cell, tuple[float, Stage, Stage]] = field(default_factory=dict)
    unknown: set[Cell] = field(default_factory=set)

    def look(self, said: Mapping[Series, float], rules: Mapping[str, StageRule], now: float) -> None:
        before, self.since, self.unknown = self.since, {}, set()
        for feature, symbol in {(one.label("feature") or "", one.symbol or "") for one in said}:
            named = (("feature", feature), ("symbol", symbol))
            words = [stage_of(number) for one, number in said.items() if set(named) <= set(one.labels)]
            rule = rules.get(feature, StageRule(feature, Stage.DISABLED))
            desired = rule.stage(symbol, ACCOUNTS[symbol])
            others = [stage for stage in words if stage is not None and stage is not desired]
            if desired is not None and others:
                known = before.get((feature, symbol), (now, None, None))
                pair = desired, max(others)
                self.since[feature, symbol] = (known[0] if known[1:] == pair else now, *pair)
            elif desired is None or None in words:
                self.unknown.add((feature, symbol))

    def worst(self, feature: str, until: float) -> tuple[int, str, float, Stage, Stage] | None:
        """In how many symbols it lasts, and of the one that says most its name and what is so of it."""
        those = {
            symbol: one for (name, symbol), one in self.since.items() if name == feature and one[0] < until
        }
        if not those:
            return None

        def order(symbol: str) -> tuple[bool, float, str]:
            since, desired, has = those[symbol]
            return not (has.trades and not desired.trades), since, symbol

        symbol = min(those, key=order)
        return (len(those), symbol, *those[symbol])


def rules_of(feature: str) -> st.SearchStrategy[StageRule]:
    stage = st.sampled_from([None, *Stage])
    return st.builds(
        StageRule,
        st.just(feature),
        stage,
        st.dictionaries(st.sampled_from(SYMBOLS), stage, max_size=2),
        st.sampled_from([None, None, 50.0]),
        st.sampled_from([None, None, frozenset({"2"})]),
    )


RULES = st.fixed_dictionaries({feature: rules_of(feature) for feature in FEATURES[:2]})
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 3.0, float("nan"), 1.5])
SERIES = [
    Series("futures_feature_stage", (("feature", feature), ("instance", process), ("symbol", symbol)))
    for process in ("1", "2")
    for feature in FEATURES
    for symbol in SYMBOLS
]
SAID = st.one_of(
    st.fixed_dictionaries(dict.fromkeys(SERIES[: len(SERIES) // 2], NUMBERS)),
    st.dictionaries(st.sampled_from(SERIES), NUMBERS, min_size=1),
)
STEPS = st.lists(
    st.tuples(st.floats(0.1, 3), st.one_of(st.none(), RULES), st.one_of(st.none(), SAID)),
    min_size=1,
    max_size=7,
)


@given(STEPS)
def test_columns_come_to_what_cell_by_cell_comes_to(
    steps: Sequence[tuple[float, Mapping[str, StageRule] | None, Mapping[Series, float] | None]],
) -> None:
    now, slow = 0.0, CellByCell()
    rules: Mapping[str, StageRule] = {}
    column, engine, found = column_of({}), None, None
    for pause, new_rules, said in steps:
        now += pause
        rules = rules if new_rules is None else new_rules
        column = column if said is None else column_of(said, column.lineup)
        engine = loaded(column, engine)
        found = differences(engine, rules, ACCOUNTS, found, since=now, lasts_before=now - LIMIT)
        slow.look(column, rules, now)
        assert dict(cells(found)) == slow.since
        assert {
            (name, symbol) for name, one in found.features.items() for symbol in one.unknown
        } == slow.unknown
        assert found.count == len(slow.since)
        for feature, one in found.features.items():
            assert told(one.drifting) == slow.worst(feature, now - LIMIT)
            lasting = {name for name in SYMBOLS if slow.since.get((feature, name), (now,))[0] < now - LIMIT}
            assert set(one.lasting_symbols) == lasting == {name for name in SYMBOLS if one.lasts(name)}


def cells(found: Differences) -> Iterator[tuple[Cell, tuple[float, Stage, Stage]]]:
    for feature, one in found.features.items():
        for symbol in one.differing:
            known = one.difference(symbol)
            assert known is not None
            yield (feature, symbol), (known.since, known.desired, known.loaded)


def told(one: Drifting | None) -> tuple[int, str, float, Stage, Stage] | None:
    known = None if one is None else one.difference
    if one is None or known is None:
        return None
    return one.symbols, one.worst, known.since, known.desired, known.loaded


def test_a_feature_of_which_nobody_says_anything_new_is_not_looked_at_again() -> None:
    column = column_of(dict.fromkeys(SERIES[: len(SERIES) // 2], 1.0))
    rules = {feature: StageRule(feature, Stage.SHADOW) for feature in FEATURES}
    engine = loaded(column, None)
    first = differences(engine, rules, ACCOUNTS, None, since=0, lasts_before=-LIMIT)
    moved = column_of({**column, SERIES[0]: 3.0}, column.lineup)
    then = differences(loaded(moved, engine), rules, ACCOUNTS, first, since=9, lasts_before=9 - LIMIT)
    assert [then.features[name] is first.features[name] for name in FEATURES] == [False, True, True]


@given(rules_of("guard"), st.lists(st.sampled_from(SYMBOLS), unique=True))
def test_the_stages_of_many_symbols_are_those_of_each(rule: StageRule, symbols: list[str]) -> None:
    each = [rule.stage(symbol, ACCOUNTS[symbol]) for symbol in symbols]
    assert [*rule.stages(symbols, ACCOUNTS)] == [UNTOLD if stage is None else stage for stage in each]


def test_a_word_of_a_further_process_alone_is_heard() -> None:
    one, other = (each for each in SERIES if (each.symbol, each.label("feature")) == ("BTC", "guard"))
    column, rules = column_of({one: 1.0, other: 1.0}), {"guard": StageRule("guard", Stage.SHADOW)}
    engine = loaded(column, None)
    first = differences(engine, rules, ACCOUNTS, None, since=0, lasts_before=-LIMIT)
    moved = loaded(column_of({one: 1.0, other: 3.0}, column.lineup), engine)
    then = differences(moved, rules, ACCOUNTS, first, since=1, lasts_before=1 - LIMIT)
    assert (first.count, then.features["guard"].differing) == (0, ("BTC",))
