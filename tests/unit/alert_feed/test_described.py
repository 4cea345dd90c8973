"""What a rule of a server means, as far as its expression can be read here."""

from dataclasses import replace

from console.alert_feed.described import Described, described
from console.sources.prometheus_rules import ServedRule

GROWTH = "increase(futures_sync_errors_total[5m]) > 0"


def meant(expression: str, scrape: float = 15, **more: object) -> Described:
    plain = ServedRule("g", "f.yaml", "R", (), (), None, expression=expression)
    rule = replace(plain, **more)  # type: ignore[arg-type]
    (found,) = described([rule], scrape)
    return found


def test_what_a_rule_watches_is_what_it_compares() -> None:
    assert meant("x < 1 or y > 2").watched == "(x) or (y)"
    assert meant("absent(x)").watched == ""


def test_a_rule_over_what_the_console_measures_alone_watches_nothing_of_the_servers() -> None:
    assert meant("opsconsole_up == 0").watched == ""
    assert meant("x > 0 and on () (opsconsole_up == 1)").watched == "(x)"


def test_the_counters_whose_events_can_be_counted_are_named() -> None:
    ((selector, seconds),) = meant(GROWTH).growths
    assert (selector.name, seconds) == ("futures_sync_errors_total", 300)


def test_what_it_misses_depends_on_its_own_interval() -> None:
    words = "for 30s is 1m at an evaluation each 1m"
    assert any(words in hole for hole in meant("x > 1", hold=30, interval=60).told.holes)
    assert not any(words in hole for hole in meant("x > 1", hold=30, interval=15).told.holes)


def test_what_it_misses_depends_on_the_scrapes() -> None:
    words = "never sees two samples"
    assert any(words in hole for hole in meant("rate(x[30s]) > 1", scrape=60).told.holes)
    assert not any(words in hole for hole in meant("rate(x[30s]) > 1", scrape=5).told.holes)


def test_rules_of_a_server_cover_for_one_another() -> None:
    rules = [
        ServedRule("g", "f.yaml", name, (), (), None, expression=expression)
        for name, expression in (("A", "x < 1"), ("B", "absent(x)"))
    ]
    assert not any("dies" in hole for one in described(rules, 15) for hole in one.told.holes)


def test_labels_that_are_no_templates_here_take_nothing_from_a_rule() -> None:
    found = meant("x < 1", labels=(("a", "{{ if x }}"), ("severity", "page")))
    assert (found.told.severity, found.watched) == ("page", "(x)")


def test_an_expression_that_can_not_be_read_has_that_as_its_hole() -> None:
    found = meant("x[5m")
    assert (found.watched, found.told.sign, found.told.threshold) == ("", "", None)
    assert len(found.told.holes) == 1


def test_of_an_expression_that_is_not_told_nothing_is_said() -> None:
    assert meant("").told.holes == ()
