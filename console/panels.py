"""The dashboard file: Grafana-style panels with thresholds, as the deployment guide writes them.

Each panel has a `name`, a `query` and either `thresholds` (`{value, color}` from green to red) or an `alert`
such as `"> 0"`. What a panel means is `console.domain.thresholds`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from console.domain.thresholds import COLOURS, Condition, Ladder, Panel, parse_condition
from console.yaml_file import Document, Path_, YamlError, read_document

_FIELDS = {"name", "query", "thresholds", "alert"}


class Looking(Protocol):
    """A query that was read. `window` is how many seconds it looks back on."""

    @property
    def window(self) -> float: ...


class PanelError(ValueError):
    """A mistake in a panels file. The message begins with `file:line:column: `."""


def load_panels(file: Path, read_query: Callable[[str], Looking]) -> tuple[Panel, ...]:
    """Read `file`; `read_query` raises ValueError for a query that can't be asked.

    Raises PanelError for the first mistake, and for a file that can't be read.
    """
    try:
        document = read_document(file)
    except YamlError as error:
        raise PanelError(str(error)) from None
    except OSError as error:
        raise PanelError(f"{file}: {error.strerror or error}") from None
    return panels_of(document, read_query)


def panels_of(document: Document, read_query: Callable[[str], Looking]) -> tuple[Panel, ...]:
    """The panels of a document that is already parsed."""
    for key, place in document.duplicates:
        raise PanelError(f"{document.name}:{place}: {key!r} appears twice")
    top = document.data
    if not isinstance(top, dict) or not isinstance(top.get("panels"), list) or not top["panels"]:
        raise PanelError(f"{document.locate(())}: a panels file has a list of panels under 'panels'")
    panels: list[Panel] = []
    for index, entry in enumerate(top["panels"]):
        panel = _panel(document, ("panels", index), entry, read_query)
        if any(panel.key == other.key for other in panels):
            raise PanelError(f"{document.locate(('panels', index, 'name'))}: a second panel {panel.name!r}")
        panels.append(panel)
    return tuple(panels)


def _panel(document: Document, at: Path_, entry: object, read_query: Callable[[str], Looking]) -> Panel:
    def fail(field: str, problem: str) -> PanelError:
        return PanelError(f"{document.locate((*at, field))}: {problem}")

    if not isinstance(entry, dict):
        raise PanelError(
            f"{document.locate(at)}: a panel is a mapping with name, query and thresholds or alert"
        )
    for field in entry:
        if field not in _FIELDS:
            raise fail(str(field), f"{field!r} is not a panel's field; allowed: {', '.join(sorted(_FIELDS))}")
    for field in ("name", "query"):
        if not isinstance(entry.get(field), str) or not entry[field].strip():
            raise fail(field, f"a panel needs a {field}, as text")
    if ("thresholds" in entry) == ("alert" in entry):
        raise fail("name", f"panel {entry['name']!r} needs either thresholds or an alert")
    rule: Ladder | Condition
    try:
        window = read_query(entry["query"]).window
    except ValueError as error:
        raise fail("query", f"panel {entry['name']!r}: {error}") from None
    if "thresholds" in entry:
        rule = _ladder(document, (*at, "thresholds"), entry["thresholds"])
    else:
        try:
            rule = parse_condition(str(entry["alert"]))
        except ValueError as error:
            raise fail("alert", str(error)) from None
    return Panel(entry["name"], entry["query"], rule, window)


def _ladder(document: Document, at: Path_, entries: object) -> Ladder:
    allowed = ", ".join(COLOURS)
    if not isinstance(entries, list):
        raise PanelError(f"{document.locate(at)}: thresholds are a list of {{value, color}}")
    steps = []
    for index, entry in enumerate(entries):
        where = (*at, index)
        if not isinstance(entry, dict) or set(entry) != {"value", "color"}:
            raise PanelError(f"{document.locate(where)}: a threshold has value and color, nothing else")
        value, colour = entry["value"], entry["color"]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise PanelError(f"{document.locate((*where, 'value'))}: {value!r} is not a number")
        if colour not in COLOURS:
            problem = f"{colour!r} is not a threshold's color; allowed: {allowed}"
            raise PanelError(f"{document.locate((*where, 'color'))}: {problem}")
        steps.append((float(value), COLOURS[colour]))
    try:
        return Ladder(tuple(steps))
    except ValueError as error:
        raise PanelError(f"{document.locate(at)}: {error}") from None
