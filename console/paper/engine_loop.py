"""The main loop: heartbeat, kill switch, flags, scenario, market, metrics. It never waits for a database."""

import threading
from collections.abc import Callable

from console.paper.desk import TURN_SECONDS, Desk, Surroundings
from console.paper.flags import effective_stage
from console.paper.holdings import margin_ratio
from console.paper.kill_switch import DATABASE_SWITCHES, FLAGS_SWITCH
from console.paper.metrics import Key, Metrics, Series, SymbolValues
from console.paper.scenarios import Director
from console.schema import COIN_ACCOUNT, USDM_ACCOUNT

_STEP_SECONDS = 1.0


class EngineLoop:
    """Turns until it is stopped. `body` is the metrics text: of this turn, by symbol of the last second."""

    def __init__(self, around: Surroundings, desk: Desk, director: Director, metrics: Metrics) -> None:
        self._of_engine = b""
        self._by_symbol = b""
        self._around = around
        self._desk = desk
        self._director = director
        self._metrics = metrics
        self._keys: tuple[Key, ...] = tuple((symbol,) for symbol in around.market.symbols)
        self._stages: Series = {}
        self._quantities: Series = {}
        self._shown_holdings: object = None

    @property
    def body(self) -> bytes:
        return self._of_engine + self._by_symbol

    def prepare(self) -> None:
        """Load flags and kill switch, before the desk opens its first position."""
        self._look()

    def run(self, stopping: threading.Event, monotonic: Callable[[], float]) -> None:
        """Turn every 0.2 s, and step the market every second, until `stopping` is set or the desk ends."""
        next_step = monotonic() + _STEP_SECONDS
        while self._desk.running and not stopping.wait(TURN_SECONDS):
            self.turn()
            if monotonic() >= next_step:
                self.step()
                next_step = max(next_step + _STEP_SECONDS, monotonic())

    def turn(self) -> None:
        """One loop turn: a trip on any surface takes effect within it."""
        self._director.turn()
        if self._look():
            self.render()
        else:
            self._render_engine()

    def step(self) -> None:
        """One second of the market."""
        self._director.step()
        self._around.market.step()
        self._around.exchange.show_prices()
        self._around.kill_switch.keep_state()
        self.render()

    def render(self) -> None:
        """Render all metrics, unless a scenario has frozen them."""
        self._render_engine()
        if self._around.faults.metrics_frozen:
            return
        market, desk = self._around.market, self._desk
        self._by_symbol = self._metrics.by_symbol(
            SymbolValues(
                margin_ratios=self._margin_ratios(),
                funding_rates=dict(zip(self._keys, market.funding_rates, strict=True)),
                slippage_bps=desk.dealer.quality.slippage_bps,
                marks=dict(zip(self._keys, market.marks, strict=True)),
                quantities=self._position_quantities(),
                sync_errors=desk.sync_errors,
                liquidations=desk.dealer.liquidations,
                stages=self._stages,
            )
        )

    def _render_engine(self) -> None:
        """The heartbeat and what is quickly told: at every turn, so that a scrape sees the engine alive."""
        if self._around.faults.metrics_frozen:
            return
        metrics, desk = self._metrics, self._desk
        metrics.heartbeat.set(self._around.clock())
        metrics.tripped.set(self._around.kill_switch.tripped)
        metrics.fill_ratio.set(desk.dealer.quality.fill_ratio)
        metrics.funding_accuracy.set(self._around.market.funding_accuracy)
        for account in (USDM_ACCOUNT, COIN_ACCOUNT):
            metrics.trading_enabled.labels(str(account)).set(desk.may_trade(account))
        self._of_engine = metrics.of_engine()

    def asserted(self) -> list[str]:
        """The kill-switch surfaces, besides its two files, that are set."""
        surfaces = []
        if self._around.flags.loaded.kill_switch:
            surfaces.append(FLAGS_SWITCH)
        if self._desk.database_asks_for_a_stop():
            surfaces.append(DATABASE_SWITCHES)
        return surfaces

    def _look(self) -> bool:
        """Look at flags and kill switch; True when other stages have been loaded."""
        around = self._around
        reloaded = around.flags.poll()
        if reloaded:
            loaded = around.flags.loaded
            self._stages = {
                (feature, listing.symbol): effective_stage(
                    loaded, feature, listing.symbol, listing.venue.account
                )
                for feature in loaded.features
                for listing in around.market.listings
            }
        around.kill_switch.look(self.asserted())
        return reloaded

    def _margin_ratios(self) -> Series:
        """The lowest ratio of each symbol's positions."""
        mark = self._around.market.mark
        return {
            (symbol,): round(min(margin_ratio(held, mark(symbol)) for held in rows), 5)
            for symbol, rows in self._desk.dealer.holdings.items()
        }

    def _position_quantities(self) -> Series:
        holdings = self._desk.dealer.holdings
        if holdings is not self._shown_holdings:
            quantities: dict[Key, float] = {
                (symbol, side): 0.0 for (symbol,) in self._keys for side in ("LONG", "SHORT")
            }
            for rows in holdings.values():
                for held in rows:
                    quantities[held.symbol, held.side] += held.quantity
            self._quantities, self._shown_holdings = quantities, holdings
        return self._quantities
