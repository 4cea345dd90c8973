"""The releases of one context: recording what stands in the tree, and what the journal knows of each."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.releases import git, owner
from console.actions.releases.code import Code, code_of, folder_of
from console.actions.releases.copy import Content
from console.actions.releases.errors import ReleaseError
from console.actions.releases.folder import (
    Kept,
    keep,
    keep_manifest,
    make_for_releases,
    release_named,
    releases_in,
    remove_partial,
)
from console.actions.releases.git import Origin
from console.actions.releases.naming import Ground, check_name
from console.actions.releases.owner import check_own, claim
from console.actions.releases.past import events_in, past_in
from console.actions.releases.tree import content_of, files_of, is_named, patterns_of
from console.audit.actor import Actor, this_actor
from console.audit.errors import JournalError
from console.audit.journal import Journal
from console.audit.open import open_journal
from console.audit.record import Act
from console.audit.redaction import Json
from console.domain.access import stated
from console.domain.backup import Copy
from console.domain.clock import Clock, SystemClock
from console.domain.foreign import visible
from console.domain.release import (
    Deed,
    Files,
    Past,
    Previous,
    Release,
    differences,
    id_of,
    past_of,
    previous_of,
    tree_of,
)
from console.host_lock import LockError, host_lock

if TYPE_CHECKING:
    from console.settings import Settings

LOCK = "lock"
LOCK_WAIT = 5.0
"""Seconds to wait for somebody who records, or exchanges files."""
LONGEST_NOTE = 500
"""Characters."""
DEPLOYED = "opsconsole release record --deployed"
"""The command that says that what stands there is what is deployed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand: the files of the tree, all that is recorded, and what the journal says of it.

    `stands` is the recorded copy that the tree is equal to, None for none; `due` the one that should stand
    there by the journal, and `wrong` what is otherwise then, a line for each file, without the coin engine's
    files where those were taken out. `problems` are of manifests that can't be read.
    """

    files: Files
    tree: str
    past: Past
    kept: tuple[Kept, ...]
    problems: tuple[str, ...]
    stands: Kept | None
    due: Kept | None
    wrong: tuple[str, ...]

    @property
    def known(self) -> tuple[Kept, ...]:
        """What is recorded as the journal knows it."""
        return tuple(each for each in self.kept if self.past.manifests.get(each.release.id) == each.digest)

    @property
    def as_due(self) -> bool:
        """Whether what should stand there does."""
        return self.due is not None and not self.wrong

    @property
    def previous(self) -> Previous:
        """Which release is the previous one."""
        if self.as_due:
            return previous_of(self.past, self.past.current)
        return previous_of(self.past, None if self.stands is None else self.stands.release.id)

    @property
    def now(self) -> str:
        """What stands there, in words."""
        if self.due is not None and self.as_due:
            without = " without the coin engine's files" if self.past.without_coin else ""
            return f"{self.due.release.called}{without}"
        if self.stands is not None:
            return self.stands.release.called
        if self.due is not None:
            return (
                f"nothing recorded: {len(self.wrong)} files are otherwise than in {self.due.release.called}"
            )
        return "nothing recorded"


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of one context, in `folder`; whoever runs this process is the `actor`."""

    context: str
    code: Code
    folder: Path
    state: Path
    journal: Journal
    actor: Actor
    clock: Clock

    def named(self, name: str) -> Kept:
        """The release with that id or tag. Raises ReleaseError."""
        return release_named(self.folder, name)

    def all(self) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
        """Those that there are, the newest first, and what can't be read."""
        return releases_in(self.folder)

    def past(self) -> Past:
        """What became of them, by a journal that is whole. Raises ReleaseError."""
        return past_in(self.state, self.context)

    def standing(self) -> Standing:
        """How things stand. Reads every file of the tree, and the journal. Raises ReleaseError."""
        files, past = files_of(self.code), self.past()
        kept, problems = self.all()
        tree = tree_of(files)
        manifests = past.manifests
        known = {each.release.id: each for each in kept if manifests.get(each.release.id) == each.digest}
        stands = known.get(id_of(tree)) or known.get(id_of(tree, saved=True))
        due = known.get(past.current or "")
        wrong: tuple[str, ...] = ()
        if due is not None:
            wanted = self.without_coin(due.release.files) if past.without_coin else due.release.files
            wrong = differences(wanted, files)
        return Standing(files, tree, past, kept, problems, stands, due, wrong)

    def without_coin(self, files: Files) -> Files:
        """The files without those that only the coin engine needs."""
        return {name: each for name, each in files.items() if not is_named(name, self.code.coin_files)}

    def record(self, version: str | None = None, note: str = "", *, name: str = "", run: str = "") -> Kept:
        """Record what stands in the tree now; what is recorded already keeps its id. Raises ReleaseError.

        `version` is what it says that it is, `name` what it is to be called; `run` is to have brought it.
        """
        origin = git.origin_of(self.code.tree, patterns_of(self.code))
        with self.locked():
            if name:
                tagged = git.tagged(self.code.tree, name, patterns_of(self.code))
                says = [own for own in (version, origin.tag) if own]
                _check_name(name, self._ground(says, tagged and tagged[1], run), run)
                origin = tagged[0] if tagged else origin
            return self.keep_tree(origin, version, note, name=name)

    def record_tag(self, tag: str, note: str = "") -> Kept:
        """Record the files that a tag of git has, whatever stands in the tree. Raises ReleaseError."""
        origin, contents = git.of_tag(self.code.tree, tag, patterns_of(self.code))
        if not contents:
            raise ReleaseError(f"tag {tag} has none of the files that the settings name")
        files = git.sums_of(contents)
        with self.locked():
            return self._keep(files, origin, lambda: contents, None, note)

    def keep_tree(
        self, origin: Origin, version: str | None, note: str, *, saved: bool = False, name: str = ""
    ) -> Kept:
        """Keep a copy of what stands in the tree, which is called `name` from now on, where that is given.

        The lock has to be held. Raises ReleaseError.
        """
        files, tree = files_of(self.code), self.code.tree
        if not files:
            raise ReleaseError(f"{tree}: none of the files is there that the settings name")
        contents = ((file, *content_of(tree, file)) for file in sorted(files))
        return self._keep(files, origin, lambda: contents, version, note, saved=saved, name=name)

    def deployed(self, release: Kept, run: str = "") -> None:
        """Have the journal know that the release, which stands there, is deployed. Raises ReleaseError."""
        check_own(self.folder, self.state)
        wrong = differences(release.release.files, files_of(self.code))
        if wrong:
            raise ReleaseError(f"{release.release.called} doesn't stand there: {wrong[0]}")
        put = past_of(events_in(self.journal.folder, self.context)).put
        if put is not None and (put.release, put.run) == (release.release.id, run) and run:
            return  # a run that is taken up again
        self.tell(Deed.DEPLOYED, release.release.id, {"manifest": release.digest, "run": run})

    def healthy(self, name: str = "", run: str = "") -> Kept:
        """Have the journal know that the release that is deployed, and still stands there, is healthy.

        `name` and `run`, where they are given, have to be its id and its deployment. Raises ReleaseError.
        """
        check_own(self.folder, self.state)
        now = self.standing()
        if now.due is None or now.past.put is None:
            raise ReleaseError(f"the journal knows of no release that is deployed: {DEPLOYED}")
        if now.wrong:
            wrong = f"what stands there isn't {now.due.release.called}: {now.wrong[0]}"
            raise ReleaseError(f"{wrong}; if it is what is deployed: {DEPLOYED}")
        if now.past.without_coin:
            back = "opsconsole release back puts them back"
            raise ReleaseError(f"the coin engine's files were taken out: that is no release; {back}")
        if name and self.named(name).release.id != now.due.release.id:
            raise ReleaseError(f"{visible(name)} isn't what is deployed: {now.due.release.called} is")
        if run and now.past.put.run != run:
            raise ReleaseError(
                f"run {visible(run)} has not deployed what stands there, {now.due.release.called}: "
                "opsconsole release healthy says it of what stands there"
            )
        words: Json = {"manifest": now.due.digest, "run": run}
        self.tell(Deed.HEALTHY, now.due.release.id, words)
        return now.due

    def tell(self, deed: Deed, target: str, before: Json, reason: str = "") -> None:
        """Have the journal know of what has happened. ReleaseError where it doesn't."""
        try:
            self.journal.note(self.actor, Act(self.context, deed.value, target, before=before, reason=reason))
        except JournalError as error:
            raise ReleaseError(f"the journal lacks it: {error}") from None

    @contextmanager
    def locked(self, wait: float = LOCK_WAIT) -> Iterator[None]:
        """Hold the lock of the releases, which is everybody's whose journal this is. Raises ReleaseError."""
        with self._alone(wait):
            check_own(self.folder, self.state)
            remove_partial(self.folder)
            yield
            with suppress(ReleaseError):  # what was done is done, and so it is told: the next one writes it
                claim(self.folder, self.state, self.actor)

    def take_over(self, reason: str) -> None:
        """Have another journal's releases be this one's, which knows it then. AccessError, ReleaseError."""
        why = stated(reason)
        with self._alone(LOCK_WAIT):
            before = owner.whose(self.folder)
            act = Act(self.context, Deed.TAKE_OVER.value, str(self.folder), before=before, reason=why)
            try:
                self.journal.note(self.actor, act)
            except JournalError as error:
                raise ReleaseError(f"the journal lacks it: {error}") from None
            owner.put(self.folder, self.state, self.actor)

    @contextmanager
    def _alone(self, wait: float) -> Iterator[None]:
        make_for_releases(self.folder)
        try:
            with host_lock(self.folder / LOCK, deadline=wait, clock=self.clock):
                yield
        except LockError as error:
            raise ReleaseError(str(error)) from None

    def _ground(self, says: Sequence[str], tagged: Files | None, run: str) -> Ground:
        """What a name of the tree is judged by: of what is recorded, all that the journal knows.

        What the run has deployed itself was not there before it, also where an older console gave it no name.
        """
        files, past = files_of(self.code), past_of(events_in(self.journal.folder, self.context))
        kept = (each for each in self.all()[0] if past.manifests.get(each.release.id) == each.digest)
        own = past.put is not None and (past.put.release, past.put.run) == (id_of(tree_of(files)), run)
        return Ground(files, says, [each.release for each in kept], tagged, bool(run) and not own)

    def _keep(
        self,
        files: Files,
        origin: Origin,
        contents: Callable[[], Iterable[Content]],
        version: str | None,
        note: str,
        *,
        saved: bool = False,
        name: str = "",
    ) -> Kept:
        if len(note) > LONGEST_NOTE:
            raise ReleaseError(f"a note has at most {LONGEST_NOTE} characters, not {len(note)}")
        tree = tree_of(files)
        release = Release(
            id=id_of(tree, saved=saved),
            context=self.context,
            made=self.clock.wall(),
            by=self.actor.user,
            tree=tree,
            files=files,
            copy=Copy("", 0, ""),
            tag=origin.tag,
            commit=origin.commit,
            version=name or version,
            note=note.strip(),
        )
        kept = self._again(release, name) or keep(self.folder, release, contents())
        manifests = past_of(events_in(self.journal.folder, self.context)).manifests
        if manifests.get(kept.release.id) != kept.digest:
            self.tell(Deed.RECORDED, kept.release.id, {"manifest": kept.digest, "tree": tree}, release.note)
        return kept

    def _again(self, release: Release, name: str) -> Kept | None:
        """What is recorded of the same files, where its copy is sound; it learns what it didn't know.

        A `name` of theirs it has from then on, also where it had another: a candidate becomes the release.
        """
        try:
            kept = self.named(release.id)
        except ReleaseError:
            return None
        if not kept.sound:
            return None
        had = kept.release
        knows = replace(
            had,
            tag=had.tag or release.tag,
            commit=had.commit or release.commit,
            version=had.version or release.version,
            note=had.note or release.note,
        )
        if name and not knows.is_called(name):
            knows = replace(knows, version=name)
        return kept if knows == had else keep_manifest(self.folder, knows)


def _check_name(name: str, ground: Ground, run: str) -> None:
    """Raise ReleaseError as `check_name`; of a run, whose name is what it was begun with, what leads on."""
    try:
        check_name(name, ground)
    except ReleaseError as error:
        if not run:
            raise
        ends = f"opsconsole runbook abort {run} --reason REASON"
        raise ReleaseError(f"{error}; another name takes a run begun with it, after {ends}") from None


def releases_of(settings: "Settings", environ: Mapping[str, str] = os.environ) -> Releases:
    """The releases of the chosen context. ReleaseError where its settings name no code."""
    code = code_of(settings)
    if code is None:
        where = f"contexts: {settings.context}: code"
        raise ReleaseError(
            f"the settings of {settings.context} name no code: which files a release has ({where})"
        )
    clock = SystemClock()
    return Releases(
        context=settings.context,
        code=code,
        folder=folder_of(settings),
        state=settings.state,
        journal=open_journal(settings.state, clock),
        actor=this_actor(environ),
        clock=clock,
    )
