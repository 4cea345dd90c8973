"""The exposition parser, held to prometheus_client's where that is right."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from console.domain.metrics import Series
from console.sources.exposition import Exposition, MalformedExposition
from tests.examples import examples

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def flat(body: str | bytes, content_type: str = "text/plain") -> dict[Series, float]:
    samples = Exposition().parse(body, content_type).samples
    return {series: value for vector in samples.values() for series, value in vector.items()}


def one(body: str) -> tuple[Series, float]:
    ((series, value),) = flat(body).items()
    return series, value


def fault(body: str | bytes, content_type: str = "text/plain") -> str:
    with pytest.raises(MalformedExposition) as caught:
        Exposition().parse(body, content_type)
    return str(caught.value)


def same(left: dict[Series, float], right: dict[Series, float]) -> bool:
    return left.keys() == right.keys() and all(
        left[series] == right[series] or (math.isnan(left[series]) and math.isnan(right[series]))
        for series in left
    )


@pytest.mark.parametrize(
    ("line", "series", "value"),
    [
        ("up 1", Series("up", ()), 1.0),
        ("up\t1", Series("up", ()), 1.0),
        ("  up 1  ", Series("up", ()), 1.0),
        ("up 1\r", Series("up", ()), 1.0),
        ("up{} -1.5e-3", Series("up", ()), -0.0015),
        ('up{a="x",} 1', Series("up", (("a", "x"),)), 1.0),
        ('up { a = "x" , b = "y" } 1', Series("up", (("a", "x"), ("b", "y"))), 1.0),
        ('up{b="y",a="x"}1', Series("up", (("a", "x"), ("b", "y"))), 1.0),
        ('up{a="}{, #"} 1', Series("up", (("a", "}{, #"),)), 1.0),
        (r'up{a="\"\\\n\t"} 1', Series("up", (("a", '"\\\n\\t'),)), 1.0),
        ('{"engine.up","a.b"="x"} 1', Series("engine.up", (("a.b", "x"),)), 1.0),
        ("up +Inf", Series("up", ()), math.inf),
        ("up -Inf", Series("up", ()), -math.inf),
    ],
)
def test_a_line_is_read_as_prometheus_reads_it(line: str, series: Series, value: float) -> None:
    assert one(f"{line}\n") == (series, value)


def test_nan_is_a_value() -> None:
    assert math.isnan(one("up NaN\n")[1])


def test_a_label_with_an_empty_value_is_no_label() -> None:
    assert one('up{a=""} 1')[0] == Series("up", ())


def test_the_first_of_two_lines_of_the_same_series_wins() -> None:
    assert flat('up{a="1",b="2"} 1\nup{b="2",a="1"} 2\n') == {Series("up", (("a", "1"), ("b", "2"))): 1.0}


def test_comments_and_blank_lines_hold_no_samples() -> None:
    assert flat("# a remark\n#\n\n# HELP up Whether it is.\n# TYPE up gauge\nup 1\n") == {
        Series("up", ()): 1.0
    }


def test_a_timestamp_in_milliseconds_is_kept_in_seconds() -> None:
    assert Exposition().parse("up 1 1700000000500\n").timestamps == {Series("up", ()): 1_700_000_000.5}


def test_a_timestamp_is_kept_when_the_body_comes_again() -> None:
    exposition = Exposition()
    first, second = (exposition.parse("up 1 1700000000500\n") for _ in range(2))
    assert first == second


def test_openmetrics_timestamps_are_seconds_and_exemplars_are_left() -> None:
    body = 'a_total 1 1700000000.5\nb_total 2 # {trace="x"} 0.5 1700000000\n# EOF\n'
    scrape = Exposition().parse(body, OPENMETRICS)
    assert scrape.timestamps == {Series("a_total", ()): 1_700_000_000.5}
    assert scrape.samples["b_total"] == {Series("b_total", ()): 2.0}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("up 1\nup{a=1} 2\n", "line 2: 'up{a=1} 2': its labels are not name=\"value\" pairs in braces"),
        ("up\n", "line 1: 'up': no value"),
        ("up one\n", "line 1: 'up one': 'one' is not a number"),
        ("up 1_0\n", "line 1: 'up 1_0': '1_0' is not a number"),
        ("up 1 2 3\n", "line 1: 'up 1 2 3': after the labels: a value, and perhaps a timestamp"),
        ("up 1 NaN\n", "line 1: 'up 1 NaN': 'NaN' is not a time"),
        ("up 1 -Inf\n", "line 1: 'up 1 -Inf': '-Inf' is not a time"),
        ("<html>\n", "line 1: '<html>': does not begin with a metric's name"),
        ('up{a="1",a="2"} 1\n', "line 1: 'up{a=\"1\",a=\"2\"} 1': label 'a' stands twice"),
        ("# TYPE up\n", "line 1: '# TYPE up': no type"),
        ("\x1b[2J up 1\n", "line 1: '\\x1b[2J up 1': does not begin with a metric's name"),
        (b'up{a="\xff"} 1', "line 1: b'\\xff\"} 1': not UTF-8"),
    ],
)
def test_a_malformed_line_is_refused_with_its_number_and_text(body: str | bytes, message: str) -> None:
    assert fault(body) == message


def test_openmetrics_without_its_end_is_refused_as_cut_off() -> None:
    assert fault("up 1\n", OPENMETRICS) == "no # EOF at the end: the body is cut off"


def test_openmetrics_ends_at_its_end() -> None:
    assert fault("# EOF\nup 1\n", OPENMETRICS) == "line 2: 'up 1': text after # EOF"


def test_openmetrics_has_no_blank_between_name_and_labels() -> None:
    assert fault('x: {symbol="a"} 0.0\n# EOF\n', OPENMETRICS).startswith("line 1: 'x: {symbol=")


def test_a_long_line_is_shortened_in_the_message() -> None:
    assert len(fault("up{" + "x" * 10_000)) < 150


NAMES = st.sampled_from(["up", "engine:ratio", "a_total", "b_bucket", "_x"])
LABELS = st.dictionaries(
    st.sampled_from(["symbol", "side", "le", "a"]), st.text('aZ0 ,{}=#"\\\n\té', max_size=4), max_size=3
)
NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["NaN", "+Inf", "-Inf", "Inf", "1e5", "-0", ".5", "5.", "1E+3"]),
)


def escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


@st.composite
def sample_lines(draw: st.DrawFn) -> str:
    labels = draw(LABELS)
    inner = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items())
    return f"{draw(NAMES)}{f'{{{inner}}}' if labels else ''} {draw(NUMBERS)}"


@st.composite
def bodies(draw: st.DrawFn) -> str:
    lines = draw(
        st.lists(st.one_of(sample_lines(), st.sampled_from(["# HELP up x", "# remark", ""])), max_size=8)
    )
    return "".join(f"{line}\n" for line in lines)


def reference(body: str, openmetrics: bool = False) -> dict[Series, float]:
    """What prometheus_client makes of `body`; labels with empty values left out, the first sample wins."""
    samples: dict[Series, float] = {}
    for family in (openmetrics_families if openmetrics else text_families)(body):
        for sample in family.samples:
            labels = tuple(sorted((name, value) for name, value in sample.labels.items() if value))
            samples.setdefault(Series(sample.name, labels), float(sample.value))
    return samples


@given(bodies())
def test_whatever_prometheus_client_writes_is_read_as_it_reads_it(body: str) -> None:
    assert same(flat(body), reference(body))


@given(st.lists(bodies(), min_size=2, max_size=4))
def test_a_body_reads_the_same_whatever_was_read_before_it(several: list[str]) -> None:
    exposition = Exposition()
    for body in several:
        again = exposition.parse(body).samples
        assert same({s: v for vector in again.values() for s, v in vector.items()}, flat(body))


@given(st.lists(sample_lines(), min_size=1, max_size=6), st.data())
def test_new_numbers_on_known_lines_are_read_anew(lines: list[str], data: st.DataObject) -> None:
    exposition = Exposition()
    exposition.parse("\n".join(lines))
    changed = "\n".join(f"{line.rpartition(' ')[0]} {data.draw(NUMBERS)}" for line in lines)
    again = exposition.parse(changed).samples
    assert same({s: v for vector in again.values() for s, v in vector.items()}, flat(changed))


@st.composite
def scrapes(draw: st.DrawFn, most: int = 4) -> list[str]:
    """An endpoint's bodies one after the other: the same series, with other numbers, timestamps or ends."""
    blocks = draw(st.lists(st.lists(sample_lines(), max_size=5), min_size=1, max_size=4))
    times = st.sampled_from(["", "", "", " 1700000000000", "\t5"])
    ends = st.sampled_from(["\n"] * 8 + [" \n", "\r\n", "\n\n", " ", ""])

    def body() -> str:
        lines = []
        for place, block in enumerate(blocks):
            lines += [f"# TYPE family_{place} gauge\n"] if block or place else []
            heads = [line.rpartition(" ")[0] for line in block]
            lines += [f"{head} {draw(NUMBERS)}{draw(times)}{draw(ends)}" for head in heads]
        return "".join(lines)

    return [body() for _ in range(draw(st.integers(2, most)))]


def outcome(exposition: Exposition, body: str) -> object:
    """What reading `body` comes to, NaN made comparable; a zero is a zero, whatever its sign."""
    try:
        scrape = exposition.parse(body)
    except MalformedExposition as error:
        return str(error)
    samples = {
        name: [(series, repr(value + 0.0)) for series, value in vector.items()]
        for name, vector in scrape.samples.items()
    }
    return {name: dict(pairs) for name, pairs in samples.items()}, scrape.timestamps


@given(scrapes())
def test_reading_in_bulk_comes_to_what_reading_line_by_line_does(several: list[str]) -> None:
    exposition = Exposition()
    for body in several:
        assert outcome(exposition, body) == outcome(Exposition(), body)


@given(
    scrapes(2), st.lists(st.tuples(st.integers(0, 400), st.sampled_from([*" \n\t\r_1}#", ""])), max_size=3)
)
def test_a_damaged_body_comes_to_the_same_whatever_was_read_before_it(
    several: list[str], mutations: list[tuple[int, str]]
) -> None:
    exposition = Exposition()
    outcome(exposition, several[0])
    damaged = mutated(several[1], mutations)
    assert outcome(exposition, damaged) == outcome(Exposition(), damaged)


@pytest.mark.parametrize(
    "body",
    [
        'up{a="1"} \n1 up{a="2"}\n2',  # the same words and blanks, another order of the blanks
        'up{a="1"} 1\nup{a="2"} \n',
        'up{a="1"}\n1 up{a="2"}\n2\n',
        'up{a="1"} 1\nup{a="2"} 1_0\n',
        'up{a="1"} 1\n\x0bup{a="2"} 2\n',
    ],
)
def test_numbers_are_only_read_in_bulk_from_lines_that_are_whole(body: str) -> None:
    exposition = Exposition()
    exposition.parse('up{a="1"} 1\nup{a="2"} 2\n')
    with pytest.raises(MalformedExposition) as caught:
        exposition.parse(body)
    assert str(caught.value) == fault(body)


@pytest.mark.parametrize(
    "body",
    [
        'up{a="1",b="2"} 1\nup{a="2"} 2\nup{a="2"} 3\n',
        'up{a="1",b="2"} 1\nup{b="2",a="1"} 2\nup{a="2"} 3\n',
        'up{a="3"} 1\nup{a="3",} 2\n',
        'up{a="1",b="2"} 1\ndown{a="2"} 2\n',
        "",
    ],
)
def test_other_series_than_before_are_read_as_if_there_were_none_before(body: str) -> None:
    exposition = Exposition()
    exposition.parse('up{a="1",b="2"} 1\nup{a="2"} 2\n')
    assert outcome(exposition, body) == outcome(Exposition(), body)


def test_a_metric_that_says_the_same_is_the_same_object() -> None:
    exposition = Exposition()
    bodies = [f'# TYPE up gauge\nup{{a="x"}} 1\n# TYPE down gauge\ndown{{a="x"}} {n}\n' for n in range(2)]
    first, second = (exposition.parse(body).samples for body in bodies)
    assert first["up"] is second["up"]
    assert first["down"] is not second["down"]


def test_the_parts_of_a_histogram_that_take_turns_are_told_apart_again() -> None:
    def body(counts: list[int]) -> str:
        lines = [f't_{part}{{op="{op}"}}' for op in "ab" for part in ("bucket", "sum", "count")]
        return "# TYPE t histogram\n" + "".join(
            f"{line} {n}\n" for line, n in zip(lines, counts, strict=True)
        )

    exposition = Exposition()
    exposition.parse(body([1, 2, 3, 4, 5, 6]))
    samples = exposition.parse(body([7, 8, 9, 10, 11, 12])).samples
    found = {name: list(vector.values()) for name, vector in samples.items()}
    assert found == {"t_bucket": [7, 10], "t_sum": [8, 11], "t_count": [9, 12]}


def test_a_series_that_comes_changes_its_own_block_only() -> None:
    exposition = Exposition()
    before = exposition.parse('# TYPE up gauge\nup{a="x"} 1\n# TYPE down gauge\ndown 1\n').samples
    after = exposition.parse('# TYPE up gauge\nup{a="w"} 1\nup{a="x"} 1\n# TYPE down gauge\ndown 1\n').samples
    assert list(after["up"]) == [Series("up", (("a", "w"),)), Series("up", (("a", "x"),))]
    assert list(after["up"])[1] is next(iter(before["up"]))
    assert after["down"] is before["down"]


MUTATIONS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["", *'a1 "\\{}=,#\n\t.-+_:'])), min_size=1, max_size=3
)


@settings(max_examples=examples(100, 300))
@given(bodies(), MUTATIONS)
def test_a_damaged_body_is_read_as_prometheus_client_reads_it_or_refused(
    body: str, mutations: list[tuple[int, str]]
) -> None:
    damaged = mutated(body, mutations)
    try:
        ours = flat(damaged)
    except MalformedExposition:
        return  # as prometheus_client does, or as below
    assert same(ours, reference(damaged))


@pytest.mark.parametrize(
    "line", ['1up{a="b"} 1', 'a b{c="d"} 1', "up 1 2 3", 'up{"a"="b",,c="d"} 1', "up １", "up{a} 1"]
)
def test_what_prometheus_refuses_is_refused_though_prometheus_client_reads_it(line: str) -> None:
    fault(line)


@st.composite
def openmetrics_bodies(draw: st.DrawFn) -> str:
    lines = []
    for name in draw(st.lists(st.sampled_from(["up", "ratio", "x:y"]), max_size=3, unique=True)):
        lines.append(f"# TYPE {name} gauge")
        for labels in draw(
            st.lists(LABELS, max_size=3, unique_by=lambda labels: tuple(sorted(labels.items())))
        ):
            inner = ",".join(f'{label}="{escaped(value)}"' for label, value in labels.items())
            lines.append(f"{name}{f'{{{inner}}}' if labels else ''} {draw(NUMBERS)}")
    return "".join(f"{line}\n" for line in [*lines, "# EOF"])


@given(openmetrics_bodies())
def test_openmetrics_is_read_as_prometheus_client_reads_it(body: str) -> None:
    assert same(flat(body, OPENMETRICS), reference(body, openmetrics=True))


@settings(max_examples=examples(100, 300))
@given(openmetrics_bodies(), MUTATIONS)
def test_damaged_openmetrics_has_no_sample_that_prometheus_client_reads_otherwise(
    body: str, mutations: list[tuple[int, str]]
) -> None:
    damaged = mutated(body, mutations)
    try:
        ours = flat(damaged, OPENMETRICS)
    except MalformedExposition:
        return
    try:
        expected = reference(damaged, openmetrics=True)
    except (ValueError, IndexError):
        return  # it also refuses what its own bookkeeping of groups and types tells it, or stumbles over it
    assert same(ours, expected)


def mutated(body: str, mutations: list[tuple[int, str]]) -> str:
    for place, text in mutations:
        at = place % (len(body) + 1)
        body = body[:at] + text + body[at + 1 :]
    return body


def test_series_that_have_gone_are_not_remembered() -> None:
    exposition = Exposition()
    for generation in range(50):
        lines = [f'# {generation}-{n}\nup{{pod="{generation}-{n}"}} 1\n' for n in range(20)]
        exposition.parse("".join(lines))
    assert [len(block.series) for block in exposition._blocks] == [1] * 20


def test_a_known_series_is_the_same_object_in_the_next_scrape() -> None:
    exposition = Exposition()
    (first,), (second,) = (exposition.parse(f'up{{a="x"}} {n}\n').samples["up"] for n in range(2))
    assert first is second
