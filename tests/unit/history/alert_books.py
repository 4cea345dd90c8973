"""Books of alerts to be recorded: any that the domain allows, and a large one."""

from collections.abc import Collection
from typing import TypeVar

from hypothesis import strategies as st

from console.domain.alert_book import AlertBook, AlertingRule, Raised, RuleStanding
from console.domain.alert_state import Phase
from console.domain.metrics import Labels
from console.domain.silences import Acknowledgement, LabelMatcher, Marks, Silence
from console.domain.triggers import Evidence, Life, Missing, Past
from tests.unit.domain.worlds import NOW

T = TypeVar("T")

texts = st.text(max_size=4)
words = st.text("abc é", min_size=1, max_size=6).filter(str.strip)
times = st.floats(NOW - 100, NOW + 100)
earlier, later = st.floats(NOW - 100, NOW - 1), st.floats(NOW, NOW + 100)
labels = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
matchers = st.builds(
    LabelMatcher, texts, st.sampled_from(("=", "!=", "=~", "!~")), st.sampled_from(("", "a", ".*"))
)
silences = st.builds(
    Silence,
    texts,
    st.lists(matchers, max_size=2).map(lambda some: (*some, LabelMatcher("symbol", "=", "BTC"))),
    words,
    words,
    earlier,
    later,
)
acknowledgements = st.builds(Acknowledgement, labels, words, words, earlier, later)


def several(items: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(items, max_size=3).map(tuple)


@st.composite
def alert_books(draw: st.DrawFn, numbers: st.SearchStrategy[float]) -> AlertBook:
    """Any book that the domain allows, with these values."""
    rules = draw(several(_standings(numbers)))
    raised = draw(several(_raised(numbers, len(rules)))) if rules else ()
    marks = Marks(draw(several(silences)), draw(several(acknowledgements)))
    notes, server, untold = draw(several(texts)), draw(texts), draw(texts)
    return AlertBook(rules, raised, marks, draw(_evidence(numbers)), notes, server, draw(times), untold)


def _standings(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[RuleStanding]:
    rules = st.builds(
        AlertingRule,
        group=texts,
        name=texts,
        expression=texts,
        hold=times,
        keep_firing_for=times,
        interval=times,
        severity=st.sampled_from(("page", "critical", "none", "")),
        threshold=st.none() | numbers,
        metrics=several(texts),
        holes=several(texts),
    )
    return st.builds(
        RuleStanding,
        rules,
        evaluated_at=st.none() | times,
        error=st.none() | texts,
        failing_since=st.none() | times,
        no_data_since=st.none() | times,
        watched=times,
        needed=times,
    )


def _raised(numbers: st.SearchStrategy[float], rules: int) -> st.SearchStrategy[Raised]:
    return st.builds(
        Raised,
        labels=labels,
        rule=st.integers(0, rules - 1),
        phase=st.sampled_from(Phase),
        value=numbers,
        lowest=numbers,
        highest=numbers,
        active_at=times,
        fired_at=st.none() | times,
        resolved_at=st.none() | times,
        quiet_since=st.none() | times,
        lost_since=st.none() | times,
        annotations=labels,
        count=st.none() | numbers,
    )


def _evidence(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Evidence]:
    missing = st.builds(Missing, texts)
    past = missing | st.builds(Past, st.dictionaries(texts, numbers, max_size=3), times)
    return st.builds(Evidence, past, past, past, past, missing | st.builds(Life, numbers, st.booleans()))


MARGIN = AlertingRule("futures", "MarginCritical", "futures_margin_ratio < 1.05", 60.0, 0.0, 5.0, "critical")


def cascade(numbers: Collection[int], value: float = 1.01, evaluated_at: float = NOW) -> AlertBook:
    """A margin alert on each of these symbols."""
    raised = tuple(_margin_alert(number, value + number / 1e6) for number in numbers)
    return AlertBook((RuleStanding(MARGIN, evaluated_at),), raised)


def _margin_alert(number: int, value: float) -> Raised:
    named: Labels = (("alertname", "MarginCritical"), ("symbol", f"S{number:04}USDT"))
    said: Labels = (("summary", f"Critical margin ratio on S{number:04}USDT"),)
    return Raised(named, 0, Phase.FIRING, value, value, value, NOW, NOW + 60, annotations=said)
