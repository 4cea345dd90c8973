"""Which recorded releases stay whatever their age: what is deployed, the ways back, and what runs go by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from console.domain.release import Event, past_of, previous_of

DEPLOYED = "it is deployed"
PREVIOUS = "it is the previous healthy one"


def needed(
    events: Sequence[Event], stands: str | None, previous: str | None, runs: Mapping[str, float]
) -> Mapping[str, str]:
    """The ids that stay, each with why.

    `events` are the oldest first; `stands` is what stands in the tree, and `previous` what there is to go
    back to now. `runs` are the open runs by id, with when they began, in seconds since 1970.
    """
    why: dict[str, str] = {}
    for release, words in _needed(events, stands, previous, runs):
        if release:
            why.setdefault(release, words)
    return why


def _needed(
    events: Sequence[Event], stands: str | None, previous: str | None, runs: Mapping[str, float]
) -> Iterator[tuple[str | None, str]]:
    past = past_of(events)
    yield past.current, DEPLOYED
    yield stands, "it stands in the tree"
    yield previous, PREVIOUS
    yield previous_of(past, past.current).id, PREVIOUS
    for event in (past.put, past.changed, past.unfinished):
        if event is not None:
            yield event.kept, "it stood there before files were last exchanged"
    if past.unfinished is not None:
        yield past.unfinished.release, "going back to it isn't finished"
    for run, began in runs.items():
        yield from ((release, f"run {run} is open") for release in _of_run(events, run, began))


def _of_run(events: Iterable[Event], run: str, began: float) -> Iterator[str | None]:
    """What stood there when the run began, what it would have gone back to then, and what came since."""
    events = tuple(events)
    past = past_of(event for event in events if event.at < began)
    yield past.current
    yield previous_of(past, past.current).id
    for event in events:
        if event.at >= began or event.run == run:
            yield event.release
            yield event.kept
