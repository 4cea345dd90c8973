"""Screen 7: the context's logs, followed, filtered and searched. A thread reads; this shows its pages."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.events import ScreenSuspend
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from console.domain.foreign import visible
from console.log_follower import LogFollower
from console.sources.logs.file import LogFile
from console.sources.logs.pattern import ERRORS, MARGIN, SYNC, LinePattern, line_pattern
from console.sources.logs.reader import Page
from console.sources.logs.times import Moment, parse_moment
from console.tui.actions import Action, Place, bindings
from console.tui.screens.frame import Frame
from console.tui.screens.line_detail import LineDetail
from console.tui.text import Line, Span
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.watched import HasLogs
from console.tui.widgets.lines import Lines
from console.tui.widgets.log.header import what_is_shown, which_log
from console.tui.widgets.log.view import LogView
from console.tui.widgets.prompt import Question

_FOR_LINES = ("filter_errors", "filter_sync", "filter_margin", "search", "jump_to_time")
"""What finds lines, and has a key that one has to know."""


class PageReady(Message):
    """The follower has another page."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, PageReady)


class Logs(Frame):
    """Follows one of the logs for as long as it is on the screen."""

    PLACE: ClassVar[Place] = "logs"
    BINDINGS: ClassVar = bindings("logs")
    LIVELY: ClassVar[bool] = True
    ABOUT: ClassVar[str] = (
        "The engine's log as it is written, and the context's other logs. Moving up leaves the end, and the"
        " newest lines come again with the last-row key. Lines without a time of their own, such as a"
        " traceback's, belong to the line above. Numbered rotated files go on backwards; times are local."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._header = Lines(self._header_lines, view.glyphs, classes="log-header")
        self._lines = LogView(view.glyphs)
        self._chosen = 0
        self._follower: LogFollower | None = None
        self._page = Page()
        self._asked = False
        self._left_at: float | None = None
        self._search_is_last = False  # of filter and search, which was set last

    def body(self) -> Iterable[Widget]:
        self._start()  # before anything is laid out: the first picture has lines then
        yield self._header
        yield self._lines

    def on_mount(self) -> None:
        self.set_focus(self._lines)  # at once: a prompt that a waiting key asks for is to keep it

    def paint(self, view: View) -> None:
        super().paint(view)
        if self._follower is None and self._log is not None and self.is_current:
            self._start()
        self._show_page()

    def on_screen_suspend(self, event: ScreenSuspend) -> None:
        """Stop reading once another screen covers this one; a dialog leaves it to be seen."""
        if not self.app.screen.is_modal:
            self._leave()

    def on_unmount(self) -> None:
        self._stop()

    @property
    def _source(self) -> HasLogs | None:
        return self.view.logs

    @property
    def _log(self) -> LogFile | None:
        logs = () if self._source is None else self._source.logs
        return logs[self._chosen % len(logs)] if logs else None

    def _start(self) -> None:
        """Begin to follow the chosen log: with the filter as it was, and at the time that was looked at."""
        if self._source is None or self._log is None:
            return
        pattern = self._page.pattern
        follower = LogFollower(self._log, self._source.clock, self._page_is_ready)
        self._follower, self._asked = follower, True
        if pattern is not None:
            follower.filter(pattern, None)
        self._lines.begin()
        if self._left_at is None:
            self._lines.follow()
        else:
            follower.go_to(Moment(self._left_at))
        follower.start()

    def _leave(self) -> None:
        """Stop reading, to go on where the cursor stands now."""
        standing = None if self._lines.following else self._lines.line
        self._left_at = None if standing is None else standing.at
        self._stop()

    def _stop(self) -> None:
        if self._follower is not None:
            self._follower.stop()
            self._follower = None

    def _page_is_ready(self) -> None:
        """Called in the follower's thread."""
        self.post_message(PageReady())

    def on_page_ready(self) -> None:
        """Show at once what was asked for; what comes by itself waits for the next paint."""
        if self._asked:
            self._asked = False
            self._show_page()

    def _show_page(self) -> None:
        could_take_off = _takes_off(self._page)
        if self._follower is not None:
            self._page = self._follower.page
            self._lines.show(self._page)
        self._header.show(self._header_lines)
        if _takes_off(self._page) != could_take_off:
            self.show_hints()  # esc means something else now

    def _header_lines(self, size: Size) -> tuple[Line, ...]:
        if self._source is None or self._log is None:
            return _no_log(self.view)
        now, page, glyphs = self._source.clock.wall(), self._page, self.view.glyphs
        standing = None if self._lines.following else self._lines.line
        told = _finding(self.view) if self.has_class("-narrow") else ()
        shown = what_is_shown(page, standing, now, size.width, glyphs, keys=told)
        return which_log(self._log.name, page, now, size.width, glyphs), shown

    def _ask_follower(self, request: Callable[[LogFollower], None]) -> None:
        if self._follower is not None:
            self._asked = True
            request(self._follower)

    def on_log_view_moved(self, event: LogView.Moved) -> None:
        place = event.place
        if place is None:
            self._ask_follower(lambda follower: follower.follow())
        elif self._page.following or self._lines.near_edge:
            self._ask_follower(lambda follower: follower.stand(place))
        self._header.show(self._header_lines)
        self.show_hints()

    def on_log_view_to_beginning(self) -> None:
        self._ask_follower(lambda follower: follower.to_beginning())

    def on_log_view_opened(self) -> None:
        self.action_line_detail()

    def action_pause(self) -> None:
        if self._lines.following:
            self._lines.stand()
        else:
            self._lines.follow()

    def is_on(self, action: str) -> bool:
        return not self._lines.following if action == "pause" else super().is_on(action)

    def action_line_detail(self) -> None:
        if self._lines.record and self._log is not None:
            self.app.push_screen(LineDetail(self.view, self._log.name, self._lines.record))

    def action_copy_cell(self) -> None:
        if self._lines.line is not None:
            self.app.copy_to_clipboard(visible(self._lines.line.text))  # pasted, it may be obeyed
            self.say("the line was sent to your clipboard")  # whether it takes it isn't told

    def action_filter_lines(self) -> None:
        now = self._page.pattern
        self.ask(Question("filter", "" if now is None else now.text, _no_pattern, self._filter_answered))

    def _filter_answered(self, text: str | None) -> None:
        if text is not None:
            self._filter(line_pattern(text) if text else None)

    def action_filter_errors(self) -> None:
        self._toggle(ERRORS)

    def action_filter_sync(self) -> None:
        self._toggle(SYNC)

    def action_filter_margin(self) -> None:
        self._toggle(MARGIN)

    def show_only(self, text: str) -> None:
        """Show only the lines that match the regular expression `text`."""
        pattern = line_pattern(text)
        if self._follower is None:
            self._page = replace(self._page, pattern=pattern)  # it begins with that
        else:
            self._filter(pattern)

    def _toggle(self, text: str) -> None:
        shown = self._page.pattern
        self._filter(None if shown is not None and shown.text == text else line_pattern(text))

    def _filter(self, pattern: LinePattern | None) -> None:
        standing = None if self._lines.following else self._lines.line
        place = None if standing is None else standing.begin
        self._search_is_last = pattern is None
        self._ask_follower(lambda follower: follower.filter(pattern, place))

    def action_all_lines(self) -> None:
        """Undo one thing: looking further, or what was set last of filter and search."""
        page = self._page
        if page.progress is not None:
            self._ask_follower(lambda follower: follower.give_up())
        elif page.sought is not None and (self._search_is_last or page.pattern is None):
            self._forget_search()
        else:
            self._filter(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "all_lines":
            return _takes_off(self._page)
        return super().check_action(action, parameters)

    def action_search(self) -> None:
        sought = self._page.sought
        self.ask(
            Question("search", "" if sought is None else sought.text, _no_pattern, self._search_answered)
        )

    def _search_answered(self, text: str | None) -> None:
        if text:
            self._search_is_last = True
            self._search(line_pattern(text), older=True)

    def _forget_search(self) -> None:
        """Follow anew, at the same time and with the same filter: a follower knows no end of a search."""
        self._leave()
        self._page = replace(self._page, sought=None)
        self._start()

    def action_search_older(self) -> None:
        self._search_again(older=True)

    def action_search_newer(self) -> None:
        self._search_again(older=False)

    def _search_again(self, *, older: bool) -> None:
        if self._page.sought is None:
            self.refuse("nothing is searched for yet: f searches")
        else:
            self._search(self._page.sought, older=older)

    def _search(self, pattern: LinePattern, *, older: bool) -> None:
        line = self._lines.line
        if line is not None:
            beyond = self._lines.following or not older
            place = line.end if beyond else line.begin
            self._ask_follower(lambda follower: follower.search(pattern, place, older=older))

    def action_jump_to_time(self) -> None:
        self.ask(Question("time", "", partial(_no_moment, self._source), self._time_answered))

    def _time_answered(self, text: str | None) -> None:
        moment = None if text is None else _moment(self._source, text)
        if moment is not None:
            self._ask_follower(lambda follower: follower.go_to(moment))

    def action_next_log(self) -> None:
        logs = () if self._source is None else self._source.logs
        if len(logs) < 2:
            self.refuse("this context has no other log")
            return
        self._stop()
        self._chosen, self._left_at, self._page = self._chosen + 1, None, Page()
        self._start()


def _finding(view: View) -> tuple[Action, ...]:
    """The keys for which the hints below the log have no room where it is narrow."""
    return tuple(action for action in view.actions if action.id in _FOR_LINES)


def _takes_off(page: Page) -> bool:
    """Whether anything can be taken off: a filter or a search, which may still be going on."""
    return any(thing is not None for thing in (page.progress, page.pattern, page.sought))


def _no_log(view: View) -> tuple[Line, ...]:
    why = "a replay has no logs" if view.replay else "this context names no log to follow"
    return ((Span(f" {why}", Tone.UNKNOWN),), ())


def _moment(source: HasLogs | None, text: str) -> Moment | None:
    return parse_moment(text, source.clock.wall()) if text and source is not None else None


def _no_moment(source: HasLogs | None, text: str) -> str:
    """Why `text` is no time; empty where it is one."""
    return _complaint(partial(_moment, source), text)


def _no_pattern(text: str) -> str:
    """Why `text` is no pattern; empty where it is one."""
    return _complaint(line_pattern, text)


def _complaint(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""
