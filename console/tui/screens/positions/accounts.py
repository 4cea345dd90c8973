"""The accounts on top of screen 2: a line for each, in columns, under their titles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from textual.geometry import Size

from console.domain.assessment import Assessment
from console.domain.positions import margin_share
from console.domain.severity import Severity
from console.domain.status import AccountStatus
from console.domain.surfaces import Account
from console.tui.screens.positions.cells import as_gain, as_money
from console.tui.text import Line, Span, fit, fit_line, line_width, told_apart, width
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.widgets.spark import sampled, spark, values_of

_TREND_CELLS, _TREND_SECONDS = 6, 3600.0
_LEAST_TREND = 0.002
"""The share of an equity that its trend's whole height stands for, at least."""
_BAR, _BAR_CELLS = "of equity", 9
"""A picture of what `used` says: long names take its place."""
_LEAST_NAME = 20
"""Cells that a name has where there is room: its column is not to jump with every new account."""
_MOST = 4
"""Accounts that are shown."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """One column: its title, its cells, and what stands in them."""

    title: str
    width: int
    text: Callable[[AccountStatus, int], str | None]
    strong: bool = False


def account_lines(view: View, size: Size) -> tuple[Line, ...]:
    """Titles, and each account's figures; wide, with where its equity has been going for an hour."""
    assessment, glyphs = view.assessment, view.glyphs
    accounts = () if assessment is None else assessment.accounts
    if assessment is None or not accounts:
        return ((Span("ACCOUNTS", Tone.DIM), Span("  not known yet", Tone.UNKNOWN)),)
    asked = max(_LEAST_NAME, *(width(_name(status)) for status in accounts))
    figures = _figures(assessment, glyphs, size.width)
    if _room(figures, size.width) < asked:
        figures = [figure for figure in figures if figure.title != _BAR]
    room = max(6, min(_room(figures, size.width), asked))
    titles = " ".join(figure.title.rjust(figure.width) for figure in figures)
    lines: list[Line] = [(Span(f"{fit('ACCOUNT', room, 'left', glyphs.ellipsis)}   {titles}", Tone.DIM),)]
    names = told_apart([_name(status) for status in accounts], room)
    lines += [
        _account(fit(name, room, "left", glyphs.ellipsis), status, figures, size.width, glyphs)
        for name, status in zip(names[:_MOST], accounts, strict=False)
    ]
    if len(accounts) > _MOST:
        lines.append((Span(f"+{len(accounts) - _MOST} more accounts", Tone.DIM),))
    return tuple(fit_line(line, size.width, glyphs.ellipsis) for line in lines)


def _room(figures: Sequence[_Figure], cells: int) -> int:
    """The cells that `figures` leave to the names."""
    return cells - 2 - sum(figure.width + 1 for figure in figures)


def _account(
    name: str, status: AccountStatus, figures: Sequence[_Figure], cells: int, glyphs: Glyphs
) -> Line:
    """One account's line; why it isn't well, where that fits."""
    fine, said = status.severity is Severity.OK, tone_of(status.severity)
    spans = [Span(f"{name} ", Tone.DIM if fine else said), Span(glyphs.of(status.severity), said)]
    for figure in figures:
        known = Tone.STRONG if figure.strong else Tone.PLAIN
        text = figure.text(status, figure.width)
        tone = known if fine or status.severity is Severity.CRITICAL else said
        spans.append(Span(f" {glyphs.none if text is None else text:>{figure.width}}", tone))
    reason = Span(f"  {status.reason}", said)
    return (*spans, reason) if not fine and line_width((*spans, reason)) <= cells else tuple(spans)


def _name(status: AccountStatus) -> str:
    return status.account.name or f"account {status.account.id}"


def _figures(assessment: Assessment, glyphs: Glyphs, cells: int) -> list[_Figure]:
    wide = cells >= 110
    amount = 11 if wide else 9
    figures = [
        _Figure("equity", amount + 1, lambda s, w: _money(s.account.total_equity, w), strong=True),
        _Figure("free", amount, lambda s, w: _money(s.account.current_balance, w)),
        _Figure("frozen", amount, lambda s, w: _money(s.account.frozen_balance, w)),
        _Figure("used", 4, lambda s, _: _percent(margin_share(s.account), 100)),
        _Figure("uPnL", amount - 1, lambda s, w: _gain(s.account.unrealized_pnl, w)),
        _Figure("realised", amount - 1, lambda s, w: _gain(s.account.realized_pnl, w)),
        _Figure("won", 11 if wide else 10, lambda s, _: _won(s.account)),
    ]
    if wide:
        moments = sampled(assessment.equities, _TREND_CELLS, _TREND_SECONDS)
        figures.insert(
            1,
            _Figure(
                "1 hour",
                _TREND_CELLS,
                lambda s, w: spark(values_of(str(s.account.id), moments), w, glyphs, _LEAST_TREND),
            ),
        )
        figures.insert(5, _Figure(_BAR, _BAR_CELLS, lambda s, w: _bar(s, w, glyphs)))
    return figures


def _money(value: Decimal | None, cells: int) -> str | None:
    return None if value is None else as_money(value, cells)


def _gain(value: Decimal | None, cells: int) -> str | None:
    return None if value is None else as_gain(value, cells)


def _percent(value: Decimal | None, scale: int) -> str | None:
    return None if value is None else f"{min(value * scale, Decimal(999)):.0f}%"


def _won(account: Account) -> str | None:
    """The share of trades that were won, and how many there were."""
    if account.total_trades is None:
        return None
    counted = f"{account.total_trades}" if account.total_trades < 10_000 else f"{account.total_trades:.0e}"
    return f"{_percent(account.win_rate, 1) or '?'} of {counted}"


def _bar(status: AccountStatus, cells: int, glyphs: Glyphs) -> str | None:
    """How much of the equity is tied up as margin."""
    share = margin_share(status.account)
    if share is None:
        return None
    full = max(0, min(cells, round(share * cells)))
    used, free = ("#", ".") if glyphs.ascii_only else ("█", "░")
    return used * full + free * (cells - full)
