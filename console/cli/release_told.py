"""What the command `release` tells of releases, as lines and as documents."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.domain.backup_progress import size_text
from console.domain.figures import seconds

if TYPE_CHECKING:
    from console.actions.releases.folder import Kept
    from console.actions.releases.recorded import Standing


def listed_line(kept: "Kept", standing: "Standing", now: float) -> str:
    """One release on a line: how old at `now`, what it is, and what is known of it."""
    release = kept.release
    age = seconds(max(0.0, now - release.made))
    name = ", ".join(release.names)
    what = f"{age:>5} old  {release.by:<10} {len(release.files):>4} files  {name:<14}"
    return f"{release.id:<18} {what} {', '.join(marks_of(kept, standing))}".rstrip()


def marks_of(kept: "Kept", standing: "Standing") -> Iterator[str]:
    """What is known of a release: what stands there, what is the previous one, what it was worth."""
    release, past = kept.release, standing.past
    known = past.manifests.get(release.id) == kept.digest
    if standing.stands is not None and standing.stands.release.id == release.id:
        yield "STANDS THERE"
    elif standing.due is not None and standing.due.release.id == release.id:
        yield "STANDS THERE without the coin engine's files" if standing.as_due else "should stand there"
    if standing.previous.id == release.id:
        yield "PREVIOUS"
    if release.id in past.healthy:
        yield f"healthy by {past.healthy[release.id].by}"
    if release.id in past.deployed:
        yield f"deployed by {past.deployed[release.id].by}"
    elif not release.saved and known:
        before = release.made < past.taken
        yield "not known whether it was deployed before the take-over" if before else "never deployed"
    if not known:
        yield "THE JOURNAL DOESN'T KNOW IT"
    if release.note:
        yield release.note


def shown_lines(kept: "Kept", standing: "Standing") -> Iterator[str]:
    """Everything of one release."""
    release = kept.release
    yield f"{release.called}  {', '.join(marks_of(kept, standing))}"
    yield f"copy       {kept.file}, {size_text(release.copy.size)}"
    yield f"tree       {release.tree}"
    for name, said in (("tag", release.tag), ("commit", release.commit), ("version", release.version)):
        if said:
            yield f"{name:<10} {said}"
    for name, each in sorted(release.files.items()):
        yield f"{each.digest[:16]} {each.mode:o} {size_text(each.size):>9}  {name}"


def document_of(kept: "Kept", standing: "Standing") -> dict[str, object]:
    """One release as a document; instants are in seconds since 1970."""
    release, past = kept.release, standing.past
    deployed, healthy = past.deployed.get(release.id), past.healthy.get(release.id)
    return {
        "id": release.id,
        "saved": release.saved,
        "file": str(kept.file),
        "made": release.made,
        "by": release.by,
        "tree": release.tree,
        "files": len(release.files),
        "size": release.copy.size,
        "tag": release.tag,
        "commit": release.commit,
        "version": release.version,
        "note": release.note,
        "known": past.manifests.get(release.id) == kept.digest,
        "deployed": deployed and {"at": deployed.at, "by": deployed.by, "run": deployed.run},
        "healthy": healthy and {"at": healthy.at, "by": healthy.by, "run": healthy.run},
        "stands": standing.stands is not None and standing.stands.release.id == release.id,
        "due": past.current == release.id,
        "previous": standing.previous.id == release.id,
    }
