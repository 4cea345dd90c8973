"""What the consoles of one run have in common, however often one is started."""

import gc
from collections.abc import Iterator

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation


@pytest.fixture(scope="session", autouse=True)
def _style_sheets_are_parsed_once() -> Iterator[None]:
    """Keep what textual has parsed for the next console, which has the same style sheets and colours."""
    parse = Stylesheet._parse_rules
    kept: dict[tuple[object, ...], list[RuleSet]] = {}

    def parsed(
        self: Stylesheet,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        asked = css, read_from, is_default_rules, tie_breaker, scope
        key = frozenset(self._variables.items()), asked
        if key not in kept:
            kept[key] = parse(self, *asked)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parsed)
        yield


@pytest.fixture(scope="session", autouse=True)
def _garbage_is_looked_for_as_seldom_as_before() -> Iterator[None]:
    """Have a console that looks for garbage again do it as often as the run does, not as one on a screen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("console.tui.garbage._THRESHOLDS", gc.get_threshold())
        yield
