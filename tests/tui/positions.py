"""A console on books and an exchange in every state in which screen 2 meets them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Exchange, ExchangePosition
from console.tui.app import ContextView, OpsConsole
from tests.tui.fake import (
    PAPER,
    PRODUCTION,
    START,
    FakeWatched,
    HandClock,
    failing,
    nothing_yet,
)
from tests.tui.trading import exchange_of, position, trading, trading_books

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
ASCII = {"LANG": "C", "TERM": "linux"}


@dataclass(frozen=True, slots=True)
class Case:
    snapshot: Snapshot
    later: float = 0.8
    context: ContextView = PAPER
    environ: Mapping[str, str] | None = None

    def console(self) -> OpsConsole:
        watched = FakeWatched(self.snapshot, HandClock(START + self.later))
        return OpsConsole(self.context, lambda: watched, environ=self.environ or UTF8)


def worst() -> Snapshot:
    """Everything near its liquidation, and nothing as the exchange has it."""
    positions = [
        position(n, f"S{n:02}USDT", ("LONG", "SHORT")[n % 2], "2.5", "100", liquidation_price=_near(n))
        for n in range(1, 31)
    ]
    there = exchange_of(positions[:10])
    usdm = there.venues[0]
    wrong = tuple(replace(p, quantity=p.quantity * 2) for p in usdm.positions or ())
    extra = ExchangePosition("GHOSTUSDT", Decimal("7"), Decimal("9.5"), Decimal("9.1"), Decimal("-3"))
    venues = (replace(usdm, positions=(*wrong, extra)), there.venues[1])
    return trading(positions, Exchange(venues), account_books=trading_books(positions, "12.5"))


def _near(number: int) -> Decimal:
    """A liquidation price at a distance that grows with `number`, from beyond it on."""
    away = Decimal(number - 2) / 400
    return 100 * (1 + away if number % 2 else 1 - away)


def hostile() -> Snapshot:
    huge = "12345678901234567890"
    positions = [
        position(1, "A" * 40, quantity=huge, mark=huge, unrealized_pnl=Decimal("-" + huge)),
        position(2, "[red]BTC[/]", source="\x1b[31mred", status="building"),
        position(3, "E\x1b[31mS\x9b2JC"),
        position(4, "R\u202eLO\u200bZW", quantity="0.00000001", mark="0.00000123"),
        position(5, "漢字USDT"),
    ]
    return trading(positions, account_books=trading_books(positions, f"{huge}.12"))


def unconfigured() -> Snapshot:
    usual = trading()
    return replace(
        usual,
        database=SourceState("database", 6.0, configured=False),
        exchange=SourceState("exchange", 15.0, configured=False),
    )


ALL = ("metrics", "database", "exchange", "flags", "engine", "log")
CASES: Mapping[str, Case] = {
    "normal": Case(trading()),
    "worst": Case(worst(), context=PRODUCTION),
    "empty": Case(trading(())),
    "start": Case(nothing_yet(START), 0.2),
    "stale": Case(failing(trading(), "connection refused", "database"), 12.0),
    "disconnected": Case(failing(trading(), "no route to host", *ALL), 75.0, PRODUCTION),
    "hostile": Case(hostile()),
    "unconfigured": Case(unconfigured()),
    "ascii": Case(worst(), context=PRODUCTION, environ=ASCII),
}
