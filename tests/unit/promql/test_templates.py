import math

import pytest

from console.promql.templates import Subject, TemplateError, parse_template

BTC = Subject({"__name__": "futures_margin_ratio", "symbol": "BTCUSDT"}, 1.0234, {"host": "h1"}, "http://ops")


def said(text: str, value: float = 1.0234, **labels: str) -> str:
    subject = Subject({**BTC.labels, **labels}, value, BTC.external_labels, BTC.external_url)
    return parse_template(text).expand(subject)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("Critical margin ratio on {{ $labels.symbol }}", "Critical margin ratio on BTCUSDT"),
        ("{{$value}} and {{ .Value }}", "1.0234 and 1.0234"),
        ("{{ .Labels.symbol }}", "BTCUSDT"),
        ("{{ $labels.__name__ }}", "futures_margin_ratio"),
        ("{{ $labels }}", "map[__name__:futures_margin_ratio symbol:BTCUSDT]"),
        ("{{ $externalLabels.host }} {{ .ExternalLabels.host }}", "h1 h1"),
        ("{{ $externalURL }}", "http://ops"),
        ("a  {{- $value -}}  b", "a1.0234b"),
        ("a{{/* said to nobody */}}b", "ab"),
        ('{{ "}}" }}', "}}"),
        (r'{{ "a\t\"b\"é" }}{{ `c\d` }}', 'a\t"b"éc\\d'),
        ("{{ 1 }} {{ 2.5 }}", "1 2.5"),
        ("{{ $labels.symbol | toLower | title }}", "Btcusdt"),
        ('{{ (printf "%s!" $labels.symbol) | toLower }}', "btcusdt!"),
        ("{{ toUpper `ab` }}", "AB"),
        ('{{ "aa bb-cc DD" | title }}', "Aa Bb-Cc DD"),
    ],
)
def test_what_stands_in_actions_is_filled_in(text: str, expected: str) -> None:
    assert said(text) == expected


def test_a_label_that_is_missing_is_the_empty_text() -> None:
    assert said("[{{ $labels.nobody }}]") == "[]"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (-0.25, "-0.25"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (123456.0, "123456"),
        (1234567.0, "1.234567e+06"),
        (1e21, "1e+21"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_a_value_is_printed_as_go_prints_it(value: float, expected: str) -> None:
    assert said("{{ $value }}", value) == expected


@pytest.mark.parametrize(
    ("function", "cases"),
    [
        ("humanize", {0.0: "0", 1.0: "1", 1234567.0: "1.235M", 0.12: "120m", -1500.0: "-1.5k", 2e-9: "2n"}),
        ("humanize1024", {0.0: "0", 0.5: "0.5", 1048576.0: "1Mi", 1536.0: "1.5ki"}),
        (
            "humanizeDuration",
            {
                0.0: "0s",
                1.0: "1s",
                60.0: "1m 0s",
                3725.0: "1h 2m 5s",
                90061.0: "1d 1h 1m 1s",
                -60.0: "-1m 0s",
                899.99: "14m 59s",
                0.1: "100ms",
                12.345: "12.35s",
            },
        ),
        ("humanizePercentage", {0.1234567: "12.35%", 1.0: "100%", -0.22222: "-22.22%"}),
        (
            "humanizeTimestamp",
            {
                1435065584.128: "2015-06-23 13:19:44.128 +0000 UTC",
                -1.0: "1969-12-31 23:59:59 +0000 UTC",
            },
        ),
    ],
)
def test_numbers_are_made_readable(function: str, cases: dict[float, str]) -> None:
    assert {value: said(f"{{{{ $value | {function} }}}}", value) for value in cases} == cases


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_finite_number_stays_readable(value: float) -> None:
    functions = ("humanize", "humanize1024", "humanizeDuration", "humanizeTimestamp")
    plain = said("{{ $value }}", value)
    assert {said(f"{{{{ {function} $value }}}}", value) for function in functions} == {plain}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ printf "%.2f" $value }}', "1.02"),
        ('{{ $value | printf "%08.3f|" }}', "0001.023|"),
        ('{{ printf "%+.1f %5.1f %-5.1f|" $value $value $value }}', "+1.0   1.0 1.0  |"),
        ('{{ printf "%v %g %.3g %e" $value $value $value $value }}', "1.0234 1.0234 1.02 1.023400e+00"),
        ('{{ printf "%s %q %10s %.3s" "a" "b" "c" "defg" }}', 'a "b"          c def'),
        ('{{ printf "%d%%" 42 }}', "42%"),
        ('{{ printf "%+g %+v %+d" $value $value 7 }}', "+1.0234 1.0234 +7"),
        ('{{ printf "%s" $labels }}', "map[__name__:futures_margin_ratio symbol:BTCUSDT]"),
        ('{{ printf "%d" $value }}', "%!d(float64=1.0234)"),
        ('{{ printf "%s" }}', "%!s(MISSING)"),
        ('{{ printf "a" 1 }}', "a%!(EXTRA int=1)"),
    ],
)
def test_printf_formats_as_go_does(text: str, expected: str) -> None:
    assert said(text) == expected


def test_a_word_is_no_number_to_humanize() -> None:
    assert said("{{ $labels.symbol | humanize }}") == "<error expanding template: 'BTCUSDT' is no number>"


def test_a_label_that_holds_a_number_is_humanized() -> None:
    assert said("{{ humanize $labels.le }}", le="1500") == "1.5k"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ $labels.symbol", "'{{ $labels.symbol' has no end: an action is closed by }}"),
        ("{{ }}", "{{ }}: a value or a function is missing"),
        ("{{ if $value }}x{{ end }}", "{{ if $value }}: 'if' is not known here; allowed: printf, humanize"),
        ('{{ query "up" | first }}', """{{ query "up" | first }}: 'query' is not known here; allowed"""),
        ("{{ $x }}", "{{ $x }}: '$x' is not known here; allowed: $labels, $value"),
        ("{{ .Foo }}", "{{ .Foo }}: '.Foo' is not known here; allowed: $labels, $value"),
        ("{{ . }}", "{{ . }}: '.' is no value, function or |"),
        ("{{ $value.x }}", "{{ $value.x }}: '$value.x': nothing stands below $value"),
        ("{{ $labels.a.b }}", "{{ $labels.a.b }}: '$labels.a.b': nothing stands below $labels.a"),
        ("{{ $value $value }}", "{{ $value $value }}: a value takes no argument"),
        ("{{ 1 | $value }}", "{{ 1 | $value }}: a value takes no argument"),
        ("{{ humanize }}", "{{ humanize }}: humanize takes 1 argument, here are 0"),
        ("{{ humanize 1 2 }}", "{{ humanize 1 2 }}: humanize takes 1 argument, here are 2"),
        ("{{ title $value }}", "{{ title $value }}: title takes a text"),
        ("{{ printf $value }}", "{{ printf $value }}: printf begins with a text"),
        (
            "{{ humanize $labels }}",
            "{{ humanize $labels }}: humanize takes one label, such as $labels.symbol",
        ),
        ("{{ (humanize 1 }}", "{{ (humanize 1 }}: a ( without its )"),
        ("{{ humanize 1) }}", "{{ humanize 1) }}: a ) without its ("),
        (r'{{ "\z" }}', r"""{{ "\z" }}: \z is no escape of a text"""),
        ("{{ a\u00a0b }}", "{{ a b }}: 'a' is not known here"),
    ],
)
def test_what_is_not_known_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(text)
    assert str(caught.value).startswith(problem)


def test_a_template_knows_whether_it_says_the_value() -> None:
    assert parse_template("{{ $value | humanize }}").names_value
    assert not parse_template("{{ $labels.symbol }}").names_value
