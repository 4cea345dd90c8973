"""Scenarios and the control endpoint that switches them."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from console.domain.slope import slope
from console.paper.control import Control
from console.paper.desk import Desk
from console.paper.exchange import Exchange
from console.paper.exchange_api import ExchangeApi, ExchangeKeys
from console.paper.faults import Faults
from console.paper.holdings import Holding, margin_ratio
from console.paper.kill_switch import FLAGS_SWITCH, KillSwitch
from console.paper.loopback import Request, Response
from console.paper.market import Market
from console.paper.scenarios import SCENARIOS, Director, Stage, subjects
from console.paper.universe import listings

NAMES = {
    "calm",
    "margin-squeeze",
    "margin-drift",
    "funding-spike",
    "sync-errors",
    "liquidation-cascade",
    "slippage",
    "exchange-outage",
    "frozen-metrics",
    "database-stall",
    "deaf",
    "forgetful",
    "crash",
}


def held(symbol: str, entry: float, leverage: int) -> Holding:
    amount = Decimal(3)
    return Holding(
        position_id=1,
        account=2,
        symbol=symbol,
        sign=1,
        leverage=leverage,
        amount=amount,
        exact_margin=Decimal(entry) * amount / leverage,
        exact_entry=Decimal(entry),
        quantity=3.0,
        margin=3 * entry / leverage,
        entry=entry,
        liquidation=entry * (1 - 1 / leverage + 0.005),
    )


@dataclass
class World:
    """A stage with a position in every symbol, and its director."""

    folder: Path
    now: float = 1_800_000_000.0
    asserted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.market = Market(listings(10), 1)
        clock = lambda: self.now  # noqa: E731
        self.kill_switch = KillSwitch(self.folder / "flag", self.folder / "state.json", clock)
        self.api = ExchangeApi(Exchange(self.market, clock), ExchangeKeys("key", "secret"), clock)
        self.faults = Faults()
        self.holdings = {
            symbol: (held(symbol, self.market.mark(symbol), 20 - place),)
            for place, symbol in enumerate(self.market.symbols)
        }
        self.stage = Stage(self.market, self.api, self.kill_switch, self.faults, lambda: self.holdings)
        self.director = Director(self.stage)
        no_desk = cast("Desk", None)  # no request here concerns the books
        self.control = Control(
            lambda: b"body\n", self.director, self.kill_switch, lambda: self.asserted, no_desk
        )

    def run(self, name: str, seconds: int) -> None:
        self.director.switch_to(name)
        for _ in range(seconds):
            self.director.step()
            self.market.step()

    def ratios(self) -> list[float]:
        return sorted(margin_ratio(row, self.market.mark(row.symbol)) for (row,) in self.holdings.values())

    def send(self, method: str, path: str, body: str = "") -> tuple[int, dict[str, object]]:
        response: Response = self.control.answer(Request(method, path, "", {}, body.encode()))
        return response.status, json.loads(response.body)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_registry_has_every_scenario_with_a_line_about_it() -> None:
    assert set(SCENARIOS) == NAMES
    assert all(0 < len(scenario.summary) < 80 for scenario in SCENARIOS.values())


def test_an_unknown_name_lists_the_allowed_ones(world: World) -> None:
    with pytest.raises(ValueError, match=r"no scenario 'chaos'; allowed are calm, .*crash"):
        world.director.switch_to("chaos")


def test_the_subjects_have_the_highest_leverage(world: World) -> None:
    assert [row.leverage for row in subjects(world.holdings)] == [20, 19, 18, 17, 16, 15]


def test_a_squeeze_brings_yellow_red_and_critical_without_liquidation(world: World) -> None:
    world.run("margin-squeeze", 15)
    assert [round(ratio, 2) for ratio in world.ratios()[:6]] == [1.03, 1.03, 1.12, 1.12, 1.35, 1.35]


def test_a_squeeze_never_passes_one_on_its_way(world: World) -> None:
    world.director.switch_to("margin-squeeze")
    for _ in range(15):
        world.run("margin-squeeze", 1)
        assert world.ratios()[0] > 1


def test_a_drift_ends_as_a_squeeze_does_and_is_foretold_on_its_way(world: World) -> None:
    nearest, began = world.market.symbols[2], world.ratios()
    world.run("margin-drift", 1)
    assert world.ratios()[2:6] == pytest.approx(began[2:6], rel=0.02), "it begins where the ratios are"
    seen = []
    for second in range(1, 60):
        seen.append((float(second), margin_ratio(world.holdings[nearest][0], world.market.mark(nearest))))
        world.run("margin-drift", 1)
    found = slope(*zip(*seen[::5], strict=True))
    assert found is not None
    assert seen[-1][1] + found * (300 - seen[-1][0]) == pytest.approx(1.03, abs=0.1)
    world.run("margin-drift", 245)
    assert [round(ratio, 2) for ratio in world.ratios()[:6]] == [1.03, 1.03, 1.12, 1.12, 1.35, 1.35]


def test_calm_after_a_squeeze_is_green_again(world: World) -> None:
    world.run("margin-squeeze", 15)
    world.run("calm", 12)
    assert world.ratios()[0] >= 1.5


def test_a_cascade_takes_one_position_after_the_other(world: World) -> None:
    falls = []
    world.director.switch_to("liquidation-cascade")
    for _ in range(30):
        world.run("liquidation-cascade", 1)
        falls.append(sum(ratio < 1 for ratio in world.ratios()))
    assert sorted(set(falls)) == [0, 1, 2, 3, 4, 5, 6]


def test_a_cascade_takes_a_position_too_whose_entry_a_fill_has_moved_on_the_way(world: World) -> None:
    first, *_ = subjects(world.holdings)
    world.run("liquidation-cascade", 2)
    world.holdings[first.symbol] = (held(first.symbol, first.entry * 0.999, first.leverage),)
    world.run("liquidation-cascade", 8)
    assert world.ratios()[0] < 1


def test_a_spike_crosses_every_funding_threshold(world: World) -> None:
    world.run("funding-spike", 12)
    rates = sorted(map(abs, world.market.funding_rates))
    assert [sum(rate > limit for rate in rates) for limit in (0.0001, 0.0003, 0.0005)] == [6, 4, 2]


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("sync-errors", lambda world: len(world.faults.lost_fill_symbols) == 3),
        ("slippage", lambda world: len(world.faults.thin_symbols) == 6),
        ("exchange-outage", lambda world: world.api.down),
        ("frozen-metrics", lambda world: world.faults.metrics_frozen),
        ("database-stall", lambda world: world.faults.database_stalled.is_set()),
        ("deaf", lambda world: world.kill_switch.deaf),
        ("forgetful", lambda world: world.kill_switch.forgetful),
    ],
)
def test_a_scenario_breaks_its_part_and_calm_mends_it(world: World, name: str, shows: object) -> None:
    assert callable(shows)
    world.run(name, 1)
    during = shows(world)
    world.run("calm", 1)
    assert (during, shows(world)) == (True, False)


def test_calm_after_forgetful_finds_the_flag_that_was_forgotten(world: World) -> None:
    world.run("forgetful", 1)
    world.kill_switch.flag.write_text("1")
    world.kill_switch.look([])
    world.now += 5
    world.kill_switch.look([])
    forgotten = world.kill_switch.tripped
    world.run("calm", 1)
    world.kill_switch.look([])
    assert (forgotten, world.kill_switch.tripped) == (False, True)


def test_an_engine_can_start_in_a_scenario(world: World) -> None:
    Director(world.stage, "deaf").step()
    assert world.kill_switch.deaf


def test_another_scenario_ends_the_one_before(world: World) -> None:
    world.run("exchange-outage", 1)
    world.run("deaf", 1)
    assert (world.api.down, world.kill_switch.deaf) == (False, True)


def test_the_endpoint_switches_the_scenario(world: World) -> None:
    status, _ = world.send("POST", "/scenario", '{"name": "deaf"}')
    assert (status, world.director.wanted) == (200, "deaf")


def test_the_endpoint_tells_scenario_and_registry(world: World) -> None:
    _, document = world.send("GET", "/scenario")
    summaries = {name: scenario.summary for name, scenario in SCENARIOS.items()}
    assert document == {"name": "calm", "scenarios": summaries}


@pytest.mark.parametrize("body", ['{"name": "chaos"}', "{}", "[]", "{", '{"name": 1}', '{"name": null}'])
def test_a_bad_scenario_request_changes_nothing(world: World, body: str) -> None:
    status, document = world.send("POST", "/scenario", body)
    assert (status, list(document), world.director.wanted) == (400, ["error"], "calm")


def test_kill_trips_and_says_so(world: World) -> None:
    answer = world.send("POST", "/control/kill", '{"reason": "drill"}')
    assert (answer, world.kill_switch.reason) == (
        (200, {"tripped": True, "scope": "all"}),
        "POST /control/kill: drill",
    )


def test_kill_without_a_body_trips_too(world: World) -> None:
    assert world.send("POST", "/control/kill")[1]["tripped"] is True


def test_kill_of_one_venue_stops_its_account_only(world: World) -> None:
    _, document = world.send("POST", "/control/kill", '{"scope": "coin"}')
    assert document == {"tripped": False, "stopped": True, "scope": "coin"}
    assert not world.kill_switch.stops([2])


def test_kill_with_an_unknown_scope_is_refused(world: World) -> None:
    assert world.send("POST", "/control/kill", '{"scope": "spot"}')[0] == 400


def test_a_deaf_engine_answers_what_it_has_not_done(world: World) -> None:
    world.run("deaf", 1)
    assert world.send("POST", "/control/kill")[1]["tripped"] is False


def test_reset_untrips(world: World) -> None:
    world.kill_switch.trip("drill")
    assert world.send("POST", "/control/reset") == (200, {"tripped": False})


def test_reset_names_what_is_still_set(world: World) -> None:
    world.asserted.append(FLAGS_SWITCH)
    world.kill_switch.trip("drill")
    status, document = world.send("POST", "/control/reset")
    assert (status, document["tripped"], FLAGS_SWITCH in str(document["error"])) == (409, True, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("POST", "/metrics", 405), ("GET", "/control/kill", 405)],
)
def test_what_is_not_served_is_refused(world: World, method: str, path: str, status: int) -> None:
    assert world.send(method, path)[0] == status


def test_metrics_are_served_as_they_are(world: World) -> None:
    response = world.control.answer(Request("GET", "/metrics", "", {}, b""))
    assert (response.status, response.body) == (200, b"body\n")
    assert response.content_type.startswith("text/plain; version=0.0.4")


def test_health_tells_the_kill_switch(world: World) -> None:
    world.kill_switch.trip("drill")
    assert world.send("GET", "/health")[1] == {"status": "ok", "tripped": True, "scenario": "calm"}
