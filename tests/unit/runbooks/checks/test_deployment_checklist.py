"""What the checklists make of what was seen, and that every item can be asked and mended."""

import pytest

from console.domain.severity import Severity
from console.runbooks.checks.deployment_checklist import COIN, GUIDE, Item, findings, items_of
from console.runbooks.model import Found
from console.settings import Context
from console.settings_memory import shipped_configs
from console.wiring.runbooks import KNOWN


def severity_of(item: Item, passes: bool | None, environment: str = "production") -> Severity:
    checks = {item.check: lambda _told: Found(passes, "so", "so or not")}
    (finding,) = findings([item], checks, environment)
    assert finding.mended_by == (item.mended_by if finding.severity else "")
    return finding.severity


ACCOUNT = next(item for item in COIN if item.check == "account3")
CHANNELS = next(item for item in GUIDE if item.check == "alert_channels")


def test_what_lacks_is_as_bad_as_the_item_says_and_what_is_not_known_is_unknown() -> None:
    assert severity_of(ACCOUNT, passes=True) is Severity.OK
    assert severity_of(ACCOUNT, passes=False) is Severity.CRITICAL
    assert severity_of(ACCOUNT, passes=None) is Severity.UNKNOWN


def asked(which: str | None = None, **fields: object) -> set[str]:
    """The names of what is asked of a context with these fields."""
    context = Context.model_validate({"environment": "production", "colour": "red", **fields})
    return {item.name for item in items_of(context, which)}


def test_a_process_that_nothing_names_is_not_asked_for() -> None:
    assert asked(engine_file="engine.json") - asked() == {"engine process"}


def test_the_coin_engines_list_is_left_out_where_its_market_is() -> None:
    usdm = {"usdm": "https://fapi.example.net"}
    assert "account 3" not in asked(exchange=usdm)
    assert "account 3" in asked("coin", exchange=usdm)
    assert {"account 3", "limits"} <= asked()


def test_on_paper_nobody_need_be_told() -> None:
    assert severity_of(CHANNELS, passes=False) is Severity.HIGH
    assert severity_of(CHANNELS, passes=False, environment="paper") is Severity.WARNING


@pytest.mark.parametrize("item", [*GUIDE, *COIN], ids=lambda item: item.name)
def test_every_item_asks_a_check_that_there_is_and_names_a_runbook_that_there_is(item: Item) -> None:
    arguments = KNOWN.checks[item.check]
    assert item.arguments.keys() == arguments.keys()
    assert all(value in arguments[name] for name, value in item.arguments.items())
    assert not item.mended_by or (shipped_configs() / "runbooks" / f"{item.mended_by}.yaml").exists()
