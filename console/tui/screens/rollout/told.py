"""What came of a change: requested, written, acknowledged, observed. Each is only what it says."""

from collections.abc import Iterator
from dataclasses import dataclass

from console.actions.flags_file import Conflict, Written
from console.actions.rollout.acknowledgement import Heard, heard_of
from console.actions.rollout.difference import three_way
from console.actions.rollout.record import Applied
from console.domain.assessment import Assessment
from console.domain.figures import seconds
from console.domain.rollout.plan import Plan
from console.domain.trails import instant_of
from console.tui.screens.kill.asking import label
from console.tui.text import Line, Span, fit_line, spread, wrap
from console.tui.theme import Tone
from console.tui.view import View


@dataclass(frozen=True, slots=True)
class Waiting:
    """For the engine's word, since the change `began`, and `until` it came or, if it hasn't, the present."""

    began: float
    until: float


def blocks(
    view: View, done: Applied, reason: str, waiting: Waiting, cells: int
) -> Iterator[tuple[Line, ...]]:
    """All that is said of a change that was made, or was tried, for this `reason`."""
    live = view.live
    heard = None if live is None else heard_of(done, live)
    yield (head_line(view, done, heard, cells),)
    yield tuple(requested_lines(view, done.plan, reason, cells))
    yield tuple(written_lines(view, done, cells))
    if isinstance(done.outcome, Conflict):
        yield tuple(conflict_lines(view, done.outcome, cells))
    if live is not None and heard is not None and done.done:
        yield (acknowledged_line(view, heard, waiting.until - waiting.began, cells),)
        yield (observed_line(view, done.plan, live, waiting.began, cells),)
    yield ()


def head_line(view: View, done: Applied, found: Heard | None, cells: int) -> Line:
    """How it ended: loud where nothing was written, and unconfirmed until the engine has said that it is."""
    words, tone = " NOT WRITTEN ", Tone.ALARM
    if isinstance(done.outcome, Written):
        is_so = found is not None and found.loaded
        words, tone = (" ACKNOWLEDGED ", Tone.KEY) if is_so else (" UNCONFIRMED ", Tone.BLIND)
    elif isinstance(done.outcome, Conflict):
        words = " NOT WRITTEN: SOMEBODY ELSE WAS FASTER "
    whose = Span(f"ROLLOUT of {view.context.name}  ", Tone.STRONG)
    return fit_line((whose, Span(words, tone)), cells, view.glyphs.ellipsis)


def requested_lines(view: View, plan: Plan, reason: str, cells: int) -> Iterator[Line]:
    """What was asked for, by whom and why."""
    why = f": {reason}" if reason else ""
    words = (
        label("REQUESTED"),
        Span(str(plan.operation), Tone.STRONG),
        Span(f" by {view.context.operator}{why}"),
    )
    yield fit_line(words, cells, view.glyphs.ellipsis)


def written_lines(view: View, done: Applied, cells: int) -> Iterator[Line]:
    """Whether the file holds it now, whether the journal does, and what was amiss besides."""
    outcome, glyphs = done.outcome, view.glyphs
    noted = Tone.WARNING if done.unrecorded else Tone.DIM
    number = "" if done.sequence is None else f" #{done.sequence}"
    said = f"journal: {'NOT RECORDED' if done.unrecorded else f'recorded{number}'} "
    if isinstance(outcome, Written):
        left = (label("WRITTEN"), Span(f"{glyphs.ok} read back as it was meant", Tone.OK))
        yield spread(left, (Span(said, noted),), cells, glyphs.ellipsis)
        amiss = [outcome.remark]
    else:
        left = (label("WRITTEN"), Span(f"{glyphs.critical} nothing", Tone.CRITICAL))
        yield spread(left, (Span(said, noted),), cells, glyphs.ellipsis)
        amiss = [outcome.why]
    for words in filter(None, (*amiss, done.unrecorded)):
        for line in wrap(words, max(20, cells - 14)):
            yield label(""), Span(line, Tone.WARNING)


def conflict_lines(view: View, conflict: Conflict, cells: int) -> Iterator[Line]:
    """What both sides made of the file; theirs stands."""
    said = "ours would have, and theirs has changed it" if conflict.theirs is not None else "the file is gone"
    yield label("DIFFERENCE"), Span(said, Tone.HIGH)
    for line in three_way(conflict.draft.seen, conflict.draft.mine, conflict.theirs):
        tone = {" ": Tone.DIM, "+": Tone.OK, "-": Tone.HIGH}[line.sign]
        yield fit_line((Span(str(line), tone),), cells, view.glyphs.ellipsis)


def acknowledged_line(view: View, found: Heard, waited: float, cells: int) -> Line:
    """The engine's word; `waited` is how many seconds it has been waited for, or was until it came."""
    glyphs, is_so = view.glyphs, found.loaded
    sign, tone = (glyphs.ok, Tone.OK) if is_so else (glyphs.unknown, Tone.UNKNOWN)
    after = f"{'' if is_so else 'not yet '}after {seconds(max(0.0, waited))}"
    said = f"{after}, {found.words}" if is_so else f"{after}: {found.words}"
    return fit_line((label("ACKNOWLEDGED"), Span(f"{sign} {said}", tone)), cells, glyphs.ellipsis)


def observed_line(view: View, plan: Plan, live: Assessment, since: float, cells: int) -> Line:
    """What the books show `since` then: whether what was to stop is traded, and how much of the rest is."""
    glyphs, status = view.glyphs, live.rollout
    stopped, started = plan.effect.stopping, plan.effect.starting
    doubt = live.books_doubt or _unread(live, since)
    traded = [symbol for symbol in stopped if symbol in status.traded]
    opened = sum(symbol in status.traded for symbol in started)
    sign, tone = glyphs.ok, Tone.OK
    if doubt:
        sign, tone, said = glyphs.unknown, Tone.UNKNOWN, doubt
    elif traded:
        sign, tone = glyphs.warning, Tone.HIGH
        said = f"still opened since: {', '.join(traded)}"
    elif stopped:
        said = "nothing was opened since in what stops"
    elif started:
        sign, tone = glyphs.none, Tone.PLAIN
        said = f"{opened:,} of {len(started):,} that start were opened since"
    else:
        sign, tone, said = glyphs.none, Tone.DIM, "no symbol starts or stops trading by it"
    return fit_line((label("OBSERVED"), Span(f"{sign} {said}", tone)), cells, glyphs.ellipsis)


def _unread(live: Assessment, since: float) -> str:
    """Why the books say nothing of the time `since`; empty where they do."""
    good = live.snapshot.database.good
    if good is None:
        return "there are no books to see trades in"
    return "" if instant_of(good) > since else "the books haven't been read since"
