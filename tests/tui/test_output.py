"""Whatever goes through the output layer, the terminal shows what textual's own output would have shown."""

import itertools
import random
import re
from collections.abc import Iterable, Sequence

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip

from console.tui.app import OpsConsole
from console.tui.terminal.output import Output
from tests.examples import examples
from tests.tui.fake import PAPER, START, FakeWatched
from tests.tui.live import moving_snapshot
from tests.tui.screen import painted

WIDTH, HEIGHT = 24, 5
SIZE = Size(WIDTH, HEIGHT)
SIGNS = ["a", "b", "0", "1", "-", ".", " ", " ", " ", "▲", "\u00e9", "e\u0301", "漢", "🐬", "─"]


def styles() -> list[Style]:
    """New ones each time: a style keeps what it came to on the first terminal."""
    return [
        Style(),
        Style(color="#ffffff", bgcolor="#101418"),
        Style(color="#ff5555", bgcolor="#101418"),
        Style(color="#ff5555", bgcolor="#101418", bold=True),
        Style(color="#ffffff", bgcolor="#440000", underline=True),
        Style(color="green", reverse=True),
        Style(color="blue"),
        Style(color="#123456", italic=True, strike=True),
    ]


STYLES = styles()


class Frames:
    """Frames as the compositor makes them, for two terminals: textual writes to one, we to the other."""

    def __init__(self, colours: ColorSystem = ColorSystem.TRUECOLOR, size: Size = SIZE) -> None:
        name = next(name for name, system in COLOR_SYSTEMS.items() if system is colours)
        self.console = Console(color_system=name, force_terminal=True)  # type: ignore[arg-type]
        self.theirs, self.ours = Terminal(size), Terminal(size)
        self.output = Output(colours)
        self.sent = ""

    def show(self, update: CompositorUpdate) -> None:
        self.theirs.feed(update.render_segments(self.console))
        text = self.output.frame(update, SIZE)
        assert text is not None
        self.sent = text
        self.ours.feed(text)

    def assert_same(self) -> None:
        assert self.ours.cells() == self.theirs.cells()


class Terminal:
    def __init__(self, size: Size) -> None:
        self._size = size
        self._screen = pyte.Screen(size.width, size.height)
        self._stream = pyte.Stream(self._screen)

    def feed(self, text: str) -> None:
        self._stream.feed(f"\x1b[?7l{text}")

    def cells(self) -> list[list[tuple[object, ...]]]:
        """What is to be seen: of a blank only its background, unless something is drawn on it."""
        buffer, width = self._screen.buffer, self._size.width
        return [[seen(buffer[y][x]) for x in range(width)] for y in range(self._size.height)]


def seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    drawn = (cell.underscore, cell.reverse, cell.strikethrough)
    if cell.data == " ":
        return (" ", cell.bg, drawn, cell.fg if any(drawn) else None)
    return (cell.data, cell.bg, drawn, cell.fg, cell.bold, cell.italics)


class Picture:
    """A screen that changes by chance, cut into strips as widgets cut it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._styles = styles()
        self._lines: list[dict[int, Strip]] = []
        self.draw_anew()

    def draw_anew(self) -> None:
        """Other widgets at other places."""
        self._lines = [self._line() for _ in range(HEIGHT)]

    def whole(self) -> LayoutUpdate:
        return LayoutUpdate([line.values() for line in self._lines], Region(0, 0, WIDTH, HEIGHT))

    def some(self) -> ChopsUpdate:
        """A few strips drawn again; their neighbours are rendered too, or are not."""
        spans: list[tuple[int, int, int]] = []
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(line) for line in self._lines]
        for y in sorted(self._chance.sample(range(HEIGHT), self._chance.randint(1, HEIGHT))):
            x = self._chance.choice(list(self._lines[y]))
            width = self._lines[y][x].cell_length
            self._lines[y][x] = self._strip(width)
            spans.append((y, x, x + width))
            chops[y] |= self._lines[y] if self._chance.random() < 0.5 else {x: self._lines[y][x]}
        return ChopsUpdate(chops, spans, [[*list(line)[1:], WIDTH] for line in self._lines])

    def _line(self) -> dict[int, Strip]:
        cuts = [0, *sorted(self._chance.sample(range(1, WIDTH), self._chance.randint(0, 3)))]
        return {x: self._strip(end - x) for x, end in zip(cuts, [*cuts[1:], WIDTH], strict=True)}

    def _strip(self, width: int) -> Strip:
        segments: list[Segment] = []
        left = width
        while left:
            sign = self._chance.choice([sign for sign in SIGNS if cell_len(sign) <= left])
            same = segments and self._chance.random() < 0.7
            piece = segments.pop() if same else Segment("", self._chance.choice(self._styles))
            segments.append(Segment(piece.text + sign, piece.style))
            left -= cell_len(sign)
        return Strip(segments, width)


@settings(max_examples=examples(50, 150), deadline=None)
@given(
    st.integers(0, 1 << 32),
    st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD]),
)
def test_any_sequence_of_frames_leaves_the_screen_that_textual_would_have_left(
    seed: int, colours: ColorSystem
) -> None:
    chance = random.Random(seed)
    frames, picture = Frames(colours), Picture(chance)
    frames.show(picture.whole())
    for _ in range(8):
        what = chance.random()
        if what < 0.1:
            frames.output.forget()
        if what < 0.3:
            picture.draw_anew()
        frames.show(picture.whole() if what < 0.3 else picture.some())
        frames.assert_same()


def strip(*parts: tuple[str, Style]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts])


def row(y: int, *parts: tuple[str, Style]) -> ChopsUpdate:
    """An update of one line that is one strip."""
    chops: Sequence[dict[int, Strip | None]] = [{0: None} for _ in range(HEIGHT)]
    chops[y][0] = strip(*parts).adjust_cell_length(WIDTH, STYLES[1])
    return ChopsUpdate(chops, [(y, 0, WIDTH)], [[WIDTH]] * HEIGHT)


@pytest.fixture
def frames() -> Frames:
    """Two terminals that show the same full screen."""
    frames = Frames()
    frames.show(Picture(random.Random(1)).whole())
    return frames


def test_a_frame_that_changes_nothing_sends_nothing(frames: Frames) -> None:
    frames.show(row(2, ("margin 1.204", STYLES[1])))
    frames.show(row(2, ("margin ", STYLES[1]), ("1.204", STYLES[1])))
    assert frames.sent == ""


def test_one_changed_digit_costs_a_move_a_pen_and_the_digit(frames: Frames) -> None:
    frames.show(row(2, ("margin 1.204", STYLES[1])))
    frames.show(row(2, ("margin 1.205", STYLES[1])))
    assert frames.sent == "\x1b[3;12H\x1b[38;2;255;255;255;48;2;16;20;24m5\x1b[m"


def test_a_style_is_said_once_for_all_the_cells_that_have_it(frames: Frames) -> None:
    frames.show(row(2, ("1.204", STYLES[1]), ("  ▲  ", STYLES[2]), ("9.9", STYLES[1])))
    frames.show(row(2, ("1.305", STYLES[1]), ("  ▼  ", STYLES[2]), ("8.8", STYLES[1])))
    frames.assert_same()
    assert frames.sent.count("38;2;255;255;255") == 1


def test_a_blank_is_sent_with_whatever_pen_has_its_background(frames: Frames) -> None:
    frames.show(row(2, ("10.5", STYLES[2])))
    frames.show(row(2, ("    ", STYLES[1]), ("9.5", STYLES[2])))
    frames.assert_same()
    assert frames.sent.count("\x1b[") == 3, "one move, one pen, one reset"


def test_both_halves_of_a_wide_sign_are_sent_together(frames: Frames) -> None:
    frames.show(row(2, ("漢", STYLES[1])))
    frames.show(row(2, ("漢", STYLES[2])))
    frames.assert_same()
    frames.show(row(2, ("a漢", STYLES[2])))
    frames.assert_same()


def test_control_and_direction_signs_never_reach_the_terminal(frames: Frames) -> None:
    frames.show(row(2, ("a\x1b]0;x\x07b\u202ec\x9bd\ne", STYLES[1])))
    body = frames.sent.replace("\x1b[", "")
    assert not any(sign in body for sign in "\x1b\x07\u202e\x9b\n")


def test_the_first_frame_has_to_be_a_full_one() -> None:
    output = Output(ColorSystem.TRUECOLOR)
    assert output.frame(row(2, ("a", STYLES[1])), SIZE) is None
    assert output.frame(Picture(random.Random(1)).whole(), SIZE)


def test_after_forgetting_everything_is_sent_again(frames: Frames) -> None:
    picture = Picture(random.Random(2))
    frames.show(picture.whole())
    frames.show(picture.whole())
    assert frames.sent == ""
    frames.output.forget()
    frames.show(picture.whole())
    assert frames.sent


def test_after_a_sign_that_terminals_may_measure_differently_the_cursor_is_placed_anew(
    frames: Frames,
) -> None:
    frames.show(row(2, ("a ▲ bbbbbbbb c", STYLES[1])))
    frames.show(row(2, ("x ▼ bbbbbbbb y", STYLES[1])))
    assert frames.sent.endswith("x ▼\x1b[14Gy\x1b[m")


def test_another_size_is_shown_from_its_first_full_frame_on() -> None:
    output, terminal = Output(ColorSystem.TRUECOLOR), Terminal(Size(10, 2))
    output.frame(Picture(random.Random(1)).whole(), SIZE)
    assert output.frame(row(1, ("a", STYLES[1])), Size(10, 2)) is None
    lines = [[strip(("0123456789", STYLES[1]))], [strip(("abcdefghij", STYLES[2]))]]
    terminal.feed(output.frame(LayoutUpdate(list(lines), Region(0, 0, 10, 2)), Size(10, 2)) or "")
    assert ["".join(str(cell[0]) for cell in line) for line in terminal.cells()] == [
        "0123456789",
        "abcdefghij",
    ]


def test_without_colours_no_colour_is_sent() -> None:
    output = Output(None)
    text = output.frame(Picture(random.Random(1)).whole(), SIZE)
    assert text
    assert "38;" not in text


@pytest.mark.parametrize(
    ("text", "ground", "is_dark", "said"),
    [
        ("#dcdcdc", "#111111", True, ""),
        ("#646464", "#111111", True, "2"),
        ("#111111", "#9c9c9c", True, "7"),
        ("#202020", "#f5f5f5", False, ""),
        ("#a0a0a0", "#f5f5f5", False, "2"),
        ("#f5f5f5", "#707070", False, "7"),
    ],
)
def test_where_no_colour_is_wanted_greys_are_said_without_any(
    text: str, ground: str, is_dark: bool, said: str
) -> None:
    output = Output(ColorSystem.TRUECOLOR, lambda: is_dark)
    drawn = strip(("x", Style(color=text, bgcolor=ground)))
    frame = output.frame(LayoutUpdate([[drawn]], Region(0, 0, 1, 1)), Size(1, 1))
    pens = re.findall(r"\x1b\[([\d;]*)m", frame or "")
    assert [pen for pen in pens if pen not in ("", "0")] == ([said] if said else [])


class BothWays(OpsConsole):
    """The console, whose frames go through both outputs to two terminals of its own size."""

    frames: Frames

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate) and not self._batch_count:
            forget_terminals(renderable)
            self.frames.theirs.feed(renderable.render_segments(self.console))
            self.frames.ours.feed(self._frame(screen, renderable))


def forget_terminals(update: CompositorUpdate) -> None:
    """Styles are shared, and keep what they came to on the terminal of another test."""
    lines: list[Iterable[Strip | None]] = []
    if isinstance(update, LayoutUpdate):
        lines += update.strips
    elif isinstance(update, ChopsUpdate):
        lines += [line.values() for line in update.chops]
    for strip in itertools.chain.from_iterable(lines):
        for segment in strip or ():
            if segment.style is not None:
                segment.style._ansi = None


async def test_the_console_s_own_frames_come_out_the_same() -> None:
    watched = FakeWatched(moving_snapshot(START))
    app = BothWays(PAPER, lambda: watched, environ={"TERM": "xterm-256color"})
    app.frames = Frames(size=Size(100, 30))
    async with app.run_test(size=(100, 30)) as pilot:
        await painted(app)
        for step, key in enumerate(["down", "t", "question_mark", "escape", "s", "4", "colon", "escape"]):
            watched.snapshot = moving_snapshot(START + step)
            app.paint()
            await pilot.press(key)
            await pilot.pause()
            app.frames.assert_same()


def test_what_stands_beside_a_changed_widget_stays() -> None:
    """The compositor hands over what lies behind it, where it doesn't reach into the changed region."""
    frames = Frames()
    right, behind = Strip([Segment("plots".ljust(14))]), Strip([Segment(" " * 14)])
    before, after = Strip([Segment("facts".ljust(10))]), Strip([Segment("other".ljust(10))])
    frames.show(LayoutUpdate([[before, right]] * HEIGHT, Region(0, 0, WIDTH, HEIGHT)))
    frames.show(ChopsUpdate([{0: after, 10: behind}] * HEIGHT, [(1, 0, 10)], [[10, 24]] * HEIGHT))
    frames.assert_same()


def test_a_sign_is_one_object_wherever_it_stands() -> None:
    """Thousands of remembered cells hold the same few."""
    frames = Frames()
    bars = Strip([Segment("▁▂".ljust(WIDTH))]), Strip([Segment("▂▁".ljust(WIDTH))])
    frames.show(LayoutUpdate([[bars[line % 2]] for line in range(HEIGHT)], Region(0, 0, WIDTH, HEIGHT)))
    first, second = (line.cells for line in frames.output._lines[:2])
    assert first[0] is second[1]
