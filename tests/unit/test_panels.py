from pathlib import Path

import pytest

from console.domain.severity import Severity
from console.panels import PanelError, load_panels
from console.promql.query import parse_query
from console.settings_file import shipped_configs

GOOD = """\
panels:
  - name: "Margin Ratio"
    query: "futures_margin_ratio"
    thresholds:
      - {value: 1.5, color: green}
      - {value: 1.2, color: yellow}
"""


def load(tmp_path: Path, text: str) -> object:
    file = tmp_path / "dashboard.yaml"
    file.write_text(text)
    return load_panels(file, parse_query)


def test_the_shipped_panels_are_the_documents_four() -> None:
    panels = load_panels(shipped_configs() / "dashboard.yaml", parse_query)
    assert [panel.key for panel in panels] == [
        "margin_ratio",
        "funding_rate",
        "position_sync_errors",
        "liquidation_count",
    ]
    assert [panel.judge(1.0) for panel in panels] == [
        Severity.CRITICAL,
        Severity.CRITICAL,
        Severity.HIGH,
        Severity.HIGH,
    ]
    assert [panel.window for panel in panels] == [0, 0, 300, 3600]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("panels:", "panel:", "1:1: a panels file has a list of panels"),
        ("    query:", "    qery:", "3:11: 'qery' is not a panel's field"),
        ('"futures_margin_ratio"', "3", "3:12: a panel needs a query, as text"),
        ('"futures_margin_ratio"', '"rate(x)"', "3:12: panel 'Margin Ratio': "),
        ('"futures_margin_ratio"', '"mad_over_time(x[1h])"', "3:12: panel 'Margin Ratio': "),
        ("value: 1.5", "value: high", "5:17: 'high' is not a number"),
        (
            "color: yellow",
            "color: amber",
            "6:29: 'amber' is not a threshold's color; allowed: green, yellow, red",
        ),
        ("value: 1.2", "value: 1.5", "5:7: thresholds run strictly down or strictly up"),
        ("    thresholds:", '    alert: "> 0"\n    thresholds:', "2:11: panel 'Margin Ratio' needs either"),
        ("  - name", "  - name: x\n    name", "3:5: 'name' appears twice"),
    ],
)
def test_a_mistake_is_named_by_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(PanelError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert str(caught.value).startswith(f"{tmp_path / 'dashboard.yaml'}:{message}")


def test_two_panels_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match="a second panel 'Margin Ratio'"):
        load(tmp_path, GOOD + GOOD.removeprefix("panels:\n"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match=r"dashboard\.yaml: No such file"):
        load_panels(tmp_path / "dashboard.yaml", parse_query)
