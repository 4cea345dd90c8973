"""What reaches the terminal while a screen is opened: finished frames, and nothing else."""

import pyte
import pytest
from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.screen import Screen

from console.tui.app import OpsConsole
from tests.tui.fake import PAPER, START, FakeWatched
from tests.tui.live import moving_snapshot
from tests.tui.screen import painted, settled, text_of

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


class Seen(OpsConsole):
    """The console, whose frames go to a terminal that keeps a picture of each."""

    pictures: list[list[str]]
    terminal: pyte.Screen

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate) and not self._batch_count:
            pyte.Stream(self.terminal).feed("\x1b[?7l" + self._frame(screen, renderable))
            self.pictures.append(list(self.terminal.display))


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.campaign), (240, 60)])
async def test_every_frame_of_a_screen_that_is_opened_has_the_status_line(size: tuple[int, int]) -> None:
    app = Seen(PAPER, lambda: FakeWatched(moving_snapshot(START)), environ=UTF8)
    app.pictures, app.terminal = [], pyte.Screen(*size)
    async with app.run_test(size=size) as pilot:
        await painted(app)
        for key in ("enter", "2", "4", "7", "question_mark", "colon"):
            await settled(app)
            app.pictures.clear()
            await pilot.press(key)
            await settled(app)
            assert "PAPER" in app.pictures[-1][0], key
            assert [lines[0] for lines in app.pictures if "PAPER" not in lines[0]] == [], key
            assert [line.rstrip() for line in app.pictures[-1]] == text_of(app).splitlines(), key
            await pilot.press("escape")
