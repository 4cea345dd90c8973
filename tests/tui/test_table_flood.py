"""Five thousand rows that all change while keys come: the cursor stays on its symbol, and no key is lost."""

import asyncio
import itertools
import random

from console.domain.severity import Severity
from tests.tui.tables import Pair, TableApp, key_event
from tests.waiting import until

ROWS = 5000


def flood(chance: random.Random) -> list[Pair]:
    """All the rows with other numbers; most of them are well."""
    severities = (*[Severity.OK] * 6, Severity.WARNING, Severity.HIGH)
    return [
        Pair(f"S{n:04}/USD", chance.uniform(0.5, 3.0), chance.gauss(0, 0.01), chance.choice(severities))
        for n in range(ROWS)
    ]


class Operator:
    """Presses keys, and knows of each where the cursor has to be after it."""

    def __init__(self, app: TableApp, chance: random.Random) -> None:
        self._app = app
        self._chance = chance

    async def act(self) -> None:
        table = self._app.table
        keys, on = table.keys, table.cursor_key
        assert on is not None
        action = self._chance.choice((self._move, self._move, self._rearrange, self._search, self._narrow))
        expected = await action(keys, keys.index(on))
        assert table.cursor_key == expected
        assert f"▸{'•' if expected in table._rows.marks else ' '}{expected}" in self._shown()

    async def _filter(self, text: str) -> None:
        await self._app.type("slash")
        await until(lambda: not self._app.table.has_focus)
        await self._app.type("ctrl+u", *text, "enter")

    def _shown(self) -> str:
        return "\n".join(self._app.line(y) for y in range(self._app.table.size.height))

    async def _move(self, keys: tuple[str, ...], at: int) -> str:
        page = self._app.table._page
        steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "end": len(keys)}
        key = self._chance.choice(list(steps))
        await self._app.type(key)
        return keys[max(0, min(at + steps[key], len(keys) - 1))]

    async def _rearrange(self, keys: tuple[str, ...], at: int) -> str:
        await self._app.type(self._chance.choice(("s", "S", "w", "left", "right", " ", " ")))
        return keys[at]

    async def _search(self, keys: tuple[str, ...], at: int) -> str:
        """Look for a part of the cursor's own name: it has to stay."""
        await self._filter(keys[at][: self._chance.randint(1, 5)].lower())
        return keys[at]

    async def _narrow(self, keys: tuple[str, ...], at: int) -> str:
        """Ask for numbers, which the cursor's row may not have, or for all rows again."""
        table = self._app.table
        if self._chance.random() < 0.5:
            await self._app.type("escape")
            return keys[at]
        await self._app.type("escape")
        before = table.keys
        at = before.index(keys[at])
        await self._filter("margin<1.5")
        shown = set(table.keys)
        return next(key for key in (*before[at:], *reversed(before[:at])) if key in shown)


async def test_whatever_is_pressed_the_cursor_stays_on_its_symbol_while_all_rows_change() -> None:
    chance = random.Random(20261120)
    app = TableApp(flood(chance))
    batches = itertools.cycle([flood(chance) for _ in range(8)])
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("down")
        operator = Operator(app, chance)
        for _ in range(40):
            await operator.act()
            on = app.table.cursor_key
            app.table.set_rows(next(batches))
            assert app.table.cursor_key == on


async def test_no_key_is_lost_at_thirty_a_second() -> None:
    chance = random.Random(3)
    app = TableApp(flood(chance))
    batches = itertools.cycle([flood(chance) for _ in range(8)])
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("right", "left", "S", "home", "down")
        assert app.table.keys[:2] == ("S0000/USD", "S0001/USD")
        place, marks = 1, set[int]()
        app.set_interval(0.1, lambda: app.table.set_rows(next(batches)))
        for _ in range(45):
            key = chance.choice(("down", "down", "pagedown", "up", " ", "y", "f9"))
            step = {"down": 1, "up": -1, "pagedown": app.table._page}.get(key, 0)
            place = max(0, min(place + step, ROWS - 1))
            if key == " ":
                marks ^= {place}
            app.post_message(key_event(key))
            await asyncio.sleep(1 / 30)
        await until(lambda: app.table.cursor_key == f"S{place:04}/USD")
        assert app.table._rows.marks == {f"S{mark:04}/USD" for mark in marks}


async def test_keys_that_come_together_do_what_they_do_one_by_one() -> None:
    app = TableApp(flood(random.Random(5)))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await app.type("down", "slash", *"s12", "enter", "S", "end", "slash", "ctrl+u", *"s123", "enter", " ")
        await pilot.pause()
        assert app.line(0).startswith(" /s123  10 of 5000")
        assert app.table._rows.marks == {"S1239/USD"}
        assert app.table._reversed is False
