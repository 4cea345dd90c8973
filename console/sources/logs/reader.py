"""One log as a screen reads it: the newest lines, or those around a place, in steps that never take long.

What takes long altogether (a rare pattern in a huge file) is done a block at a time; in between the log is
followed, and whoever reads can ask for something else.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from console.domain.clock import Clock
from console.sources.errors import SourceError
from console.sources.logs.blocks import BLOCK
from console.sources.logs.chain import LogChain
from console.sources.logs.file import LogFile
from console.sources.logs.lines import Chunk, LogLine, Place, Raw, newest_time, split
from console.sources.logs.pattern import LinePattern, Matcher, TooSlowError
from console.sources.logs.times import Moment, first_since, in_words, oldest_time
from console.sources.logs.window import Window

_SPENT = 0.1
"""Seconds that are spent on one thing at once, before the next page is offered."""
_LOOK_AROUND = 8
"""Ticks between two questions where the log is."""
_RATE_OVER = 3.0
"""Seconds over which lines are counted for their rate."""
_MOST_BEHIND = 64 * 1024 * 1024
"""Bytes by which following may be late, before some are left out."""


Request = Callable[["LogReader"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long look through the log has come: at which line's time, and how many bytes are left of
    the file that it is in."""

    older: bool
    at: float | None
    left: int


@dataclass(frozen=True, slots=True)
class Page:
    """What the screen may show. `lines` are more than fit on it, with nothing left out between them.

    `size` is that of the newest file in bytes, `rate` in lines a second, `behind` in bytes; `newest_at` is
    when the log's newest line was written, filter or not. `unread` says that there is nothing to read it
    from, and `gone_since` since when, where it has been read before.
    `complete` says that nothing stands before the first line. After a jump or a search, `arrived` counts one
    more, and `place` is where to go, None the end. `note` says in words what is to be known besides.
    """

    path: str = ""
    lines: tuple[LogLine, ...] = ()
    size: int = 0
    following: bool = True
    rate: int = 0
    behind: int = 0
    newest_at: float | None = None
    unread: bool = False
    gone_since: float | None = None
    complete: bool = False
    pattern: LinePattern | None = None
    sought: LinePattern | None = None
    progress: Progress | None = None
    place: Place | None = None
    arrived: int = 0
    note: str = ""


class LogReader:
    """The reading of one log: to be given a turn again and again, and asked for places in between.

    `page` is what there is to show after the last turn.
    """

    def __init__(self, log: LogFile, clock: Clock) -> None:
        self.page = Page()
        self._log = log
        self._clock = clock
        self._chain: LogChain | None = None
        self._window: Window | None = None
        self._wanted: Matcher | None = None
        self._marked: Matcher | None = None
        self._work: Iterator[None] | None = None
        self._anchor: Place | None = None
        self._rate = _Rate()
        self._late = False
        self._turns = 0

    @property
    def busy(self) -> bool:
        """Whether there is more to do at once."""
        return self._work is not None or self._late

    def turn(self, requests: "deque[Request]") -> None:
        """Do what is asked for, follow what was written since, go on a little with what takes long.

        Requests wait for as long as there is no log.
        """
        try:
            if self._chain is None or self._turns % _LOOK_AROUND == 0:
                self._look_around()
            self._turns += 1
            while requests:
                requests.popleft()(self)
            self._advance()
            self._work_on(requests)
            self._show_lines()
        except TooSlowError as error:
            self._forget(error)
        except SourceError as error:
            self.lose(str(error))

    def lose(self, why: str) -> None:
        """Show that the log can't be read, and begin anew with the next turn."""
        before, read = self.page, self._chain is not None
        self._close_log()
        since = before.gone_since or (self._clock.wall() if read else None)
        kept = Page(path=before.path, pattern=before.pattern, sought=before.sought, arrived=before.arrived)
        self.page = replace(kept, note=why, unread=True, gone_since=since)

    def close(self) -> None:
        self._close_log()
        _close(self._wanted)
        _close(self._marked)

    def follow(self) -> None:
        """Show the newest lines from now on."""
        end = self._open_chain.end
        if self._window is None or self._window.end != end:
            self._window = self._around(end)
        self._anchor = None
        self.page = replace(self.page, following=True, note="")
        self._work = self._fill(end)

    def stand(self, place: Place) -> None:
        """Show the lines around `place`, whatever comes."""
        if self._window is None or not self._window.begin <= place <= self._window.end:
            self._window = self._around(place)
        self._anchor = place
        self.page = replace(self.page, following=False)
        self._work = self._fill(place)

    def filter(self, pattern: LinePattern | None, place: Place | None) -> None:
        """Show only lines that match, around `place` where the end isn't followed; None: all lines."""
        _close(self._wanted)
        self._wanted = None if pattern is None else Matcher(pattern)
        self._window = None
        self.page = replace(self.page, pattern=pattern, note="", progress=None)
        if self.page.following or place is None:
            self.follow()
        else:
            self.stand(place)

    def search(self, pattern: LinePattern, place: Place, *, older: bool) -> None:
        """Mark what matches, and go to the next such line before `place`, or else from it on."""
        if pattern != self.page.sought:
            _close(self._marked)
            self._marked = Matcher(pattern)
            self.page = replace(self.page, sought=pattern)
            if self._window is not None:
                self._window.mark(self._marked)
        self.page = replace(self.page, note="")
        self._work = self._look_for(place, older=older)

    def go_to(self, moment: Moment) -> None:
        """Go to the first line that was written at that time or later, or else to the end."""
        chain, oldest, now = self._open_chain, oldest_time(self._open_chain), self._clock.wall()
        at = moment.within(oldest)
        if (place := first_since(chain, at)) == chain.end:
            self.follow()
            note = f"nothing since {in_words(at, now)}, this is the end"
            self.page = replace(self.page, place=None, arrived=self.page.arrived + 1, note=note)
        else:
            self._arrive(place, _nothing_before(at, oldest, now))

    def to_beginning(self) -> None:
        """Go to the first line that is left of the log."""
        self._arrive(self._open_chain.begin)

    def give_up(self) -> None:
        """Stop looking any further, for what is searched or for lines that match the filter."""
        if self._work is not None:
            self._work = None
            self.page = replace(self.page, progress=None, note="stopped looking")

    def _look_around(self) -> None:
        """Open the log, and open another one when it is written elsewhere now."""
        try:
            path = self._log.find()
        except SourceError:
            if self._chain is None:
                raise
            return
        if self._chain is not None and self._chain.path == path:
            return
        self._close_log()
        self.page = replace(self.page, path=str(path))
        self._chain = LogChain(path)
        newest = self._chain.before(self._chain.end)
        newest_at = None if newest is None else newest_time(newest)
        self.page = replace(self.page, unread=False, gone_since=None, newest_at=newest_at)
        self.follow()

    def _advance(self) -> None:
        """Follow what has been written since."""
        chain, began = self._open_chain, self._clock.now()
        lines, newest, self._late = 0, None, False
        for chunk in chain.advance():
            lines += chunk.data.count(b"\n") or 1
            newest = chunk
            if self.page.following and self._window is not None:
                self._window.follow(chunk)
            if self._clock.now() - began > _SPENT:
                self._late = True
                break
        if newest is not None:
            self.page = replace(self.page, newest_at=newest_time(newest) or self.page.newest_at)
            if self._work is None and self._anchor is not None:
                self._work = self._fill(self._anchor, older=False)
        behind = chain.behind
        if behind > _MOST_BEHIND:
            chain.skip()
            if self.page.following:
                self.follow()
            self.page = replace(self.page, note=f"too fast to follow: {behind >> 20} MB left out")
        self.page = replace(
            self.page,
            size=chain.size,
            behind=behind if behind > BLOCK else 0,
            rate=self._rate.after(lines, began),
            unread=chain.gone,
            gone_since=(self.page.gone_since or self._clock.wall()) if chain.gone else None,
        )

    def _work_on(self, requests: "deque[Request]") -> None:
        began = self._clock.now()
        while (work := self._work) is not None and not requests:
            if next(work, self) is self and self._work is work:  # it has come to its end
                self._work = None
            if self._clock.now() - began > _SPENT:
                return

    def _fill(self, place: Place, *, older: bool = True) -> Iterator[None]:
        """Have some hundred lines on either side of `place`, or only from it on."""
        window = self._window
        if window is None:
            return
        while older and window.wants_older(place) and (chunk := window.take_older()) is not None:
            self._tell_progress(chunk, older=True)
            yield
        while window.wants_newer(place) and (chunk := window.take_newer()) is not None:
            self._tell_progress(chunk, older=False)
            yield
        window.trim(place)
        self.page = replace(self.page, progress=None)

    def _look_for(self, place: Place, *, older: bool) -> Iterator[None]:
        chain, sought = self._open_chain, self._marked
        while sought is not None and (chunk := chain.before(place) if older else chain.after(place)):
            found = _matching(chunk, sought, self._wanted)
            if found:
                self._arrive(found[-1 if older else 0].begin)
                return
            place = chunk.begin if older else chunk.end
            self._tell_progress(chunk, older=older)
            yield
        self.page = replace(self.page, progress=None, note=f"no match further {'up' if older else 'down'}")
        yield from self._fill(self._anchor or chain.end)

    def _arrive(self, place: Place, note: str = "") -> None:
        self.stand(place)
        self.page = replace(self.page, place=place, arrived=self.page.arrived + 1, progress=None, note=note)

    def _around(self, place: Place) -> Window:
        return Window(self._open_chain, place, self._wanted, self._marked)

    def _forget(self, slow: TooSlowError) -> None:
        """Go on without the pattern that never comes to an end."""
        if self._wanted is not None and self._wanted.pattern == slow.pattern:
            self._wanted = None
            self.page = replace(self.page, pattern=None)
        else:
            self._marked = None
            self.page = replace(self.page, sought=None)
        self._window = None
        if self._anchor is None:
            self.follow()
        else:
            self.stand(self._anchor)
        self.page = replace(self.page, note=str(slow), progress=None)

    def _close_log(self) -> None:
        if self._chain is not None:
            self._chain.close()
        self._chain = self._window = self._work = None
        self._late = False

    @property
    def _open_chain(self) -> LogChain:
        if self._chain is None:
            raise SourceError("the log is not open")
        return self._chain

    def _tell_progress(self, chunk: Chunk, *, older: bool) -> None:
        chain = self._open_chain
        left = chunk.begin.offset if older else chain.extent(chunk.end.generation) - chunk.end.offset
        self.page = replace(self.page, progress=Progress(older, newest_time(chunk), left))

    def _show_lines(self) -> None:
        """Put the window's lines on the page, and behind them the one that is still being written."""
        window, chain = self._window, self._open_chain
        if window is None:
            return
        lines = tuple(window.lines)
        unfinished = chain.unfinished() if window.end == chain.end else None
        if unfinished is not None:
            lines += window.read(unfinished)
        self.page = replace(self.page, lines=lines, complete=window.at_start)


class _Rate:
    """Lines a second over the last seconds."""

    def __init__(self) -> None:
        self._counted: deque[tuple[float, int]] = deque()

    def after(self, lines: int, now: float) -> int:
        self._counted.append((now, lines))
        while now - self._counted[0][0] > _RATE_OVER:
            self._counted.popleft()
        span = now - self._counted[0][0]
        counted = sum(count for _, count in self._counted) - self._counted[0][1]
        return round(counted / span) if span > 0 else 0


def _nothing_before(at: float, oldest: float | None, now: float) -> str:
    """That the log begins later than `at`, where it does; to the second, as times are asked for."""
    return "" if oldest is None or int(oldest) <= at else f"nothing before {in_words(oldest, now)}"


def _matching(chunk: Chunk, sought: Matcher, wanted: Matcher | None) -> list[Raw]:
    """The lines of the chunk that are sought, and wanted at all."""
    numbers = sought.matching(chunk)
    if numbers and wanted is not None:
        shown = set(wanted.matching(chunk))
        numbers = [number for number in numbers if number in shown]
    raws = split(chunk) if numbers else []
    return [raws[number] for number in numbers]


def _close(matcher: Matcher | None) -> None:
    if matcher is not None:
        matcher.close()
