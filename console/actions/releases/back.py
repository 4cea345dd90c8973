"""Going back to a release, from its gates to what came of it: everything is refused before a file is touched.

What stands there is recorded before, unless it is already: a way back can be taken back by another. Killed on
the way, it is taken up again where it was: each file is as it was or as it is to be.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.actions.approvals import in_journal
from console.actions.checkpoint import Operator, checkpoint_of
from console.actions.releases import git
from console.actions.releases.copy import Content, contents_of
from console.actions.releases.errors import ReleaseError
from console.actions.releases.exchange import Change, bytes_needed, changes_of, exchange, tidy
from console.actions.releases.folder import Kept
from console.actions.releases.owner import check_own
from console.actions.releases.past import event_of
from console.actions.releases.recorded import Releases, Standing
from console.actions.releases.tree import files_of, is_named, patterns_of
from console.audit.errors import JournalError
from console.audit.open_intents import abandoned_intents, close
from console.audit.record import Act, Record
from console.domain.access import AccessError
from console.domain.approval import Consent
from console.domain.approval import Deed as Approved
from console.domain.assessment import Assessment
from console.domain.gate import Gate
from console.domain.release import Deed, Files, Previous, differences, tree_of
from console.domain.release_gates import Asked, Ground, back_gates

if TYPE_CHECKING:
    from console.settings import Settings

ACTION = Deed.BACK.value
MOST_NAMED = 20
"""Files that are named; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What going back to `target` would do to the tree as it `stands`.

    `why` says why it is that release. `kept` is the id of what what stands there is recorded as, empty where
    it will be saved first. `uncommitted` are git's words on files that aren't as its last commit has them.
    `contents` reads the release's files; `problems` are why they can't be had.
    """

    target: Kept
    why: str
    stands: Standing
    kept: str
    changes: tuple[Change, ...]
    uncommitted: tuple[str, ...]
    contents: Callable[[], Iterable[Content]]
    problems: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """What it would do, a line each."""
        release, tree = self.target.release, self.stands.tree
        kept = f"which is recorded as {self.kept}" if self.kept else "which is saved before"
        files = [f"{_verb(each)} {each.name}" for each in self.changes[:MOST_NAMED]]
        more = len(self.changes) - len(files)
        return (
            f"put back {release.called}, {len(release.files)} files, tree {release.tree[:12]}",
            f"in place of {self.stands.now}, tree {tree[:12]}, {kept}",
            *(files or ["no file: every one is as in the release"]),
            *([f"and {more} more"] if more > 0 else []),
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: how many files were exchanged, as what those before are kept, and complaints."""

    changed: int
    kept: str
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaysBack:
    """Ways back of one context's code. `ended` says whether every process of the engine has ended, and what
    was seen; `asleep` are the sources that need no engine: only they have to be fresh.
    """

    settings: "Settings"
    releases: Releases
    asleep: Collection[str]
    ended: Callable[[], tuple[bool | None, str]]

    @property
    def phrase(self) -> str:
        """What has to be typed."""
        return f"{self.settings.chosen.environment} {self.settings.context}"

    @property
    def _patterns(self) -> tuple[str, ...]:
        return patterns_of(self.releases.code)

    def plan(self, to: str = "", run: str = "") -> Plan:
        """What going back would do: to the release or saved copy of that name, or to the previous one.

        A run that has gone back already stays where it is. Reads every file, the journal and the recorded
        copy. Raises ReleaseError.
        """
        stands = self.releases.standing()
        put, previous = stands.past.put, stands.previous
        if put is not None and run and (put.deed, put.run) == (Deed.BACK, run) and not stands.past.unfinished:
            previous = Previous(put.release, f"run {run} went back to it before")
        if not to and previous.id is None:
            other = "opsconsole release list names others, for --to"
            raise ReleaseError(f"there is no release to go back to: {previous.why}; {other}")
        target = self.releases.named(to or previous.id or "")
        problems = [*self._others(), *self._strangers(target), *_another(target, stands)]
        contents, damage = self._contents(target)
        return Plan(
            target=target,
            why="asked for by its name" if to else previous.why,
            stands=stands,
            kept=self._kept(stands, target),
            changes=changes_of(stands.files, target.release.files),
            uncommitted=git.uncommitted(self.releases.code.tree, self._patterns),
            contents=contents,
            problems=(*problems, *damage),
        )

    def deed(self, plan: Plan, asked: Asked) -> Approved:
        """What it would do, for a second person to agree to: of these files, and no others."""
        context, reason, override = self.settings.context, asked.reason.strip(), asked.override.strip()
        what = (
            *plan.lines(),
            f"manifest {plan.target.digest}, files of now {plan.stands.tree}",
            *([f"reason: {reason}"] if reason else []),
            *([f"OVERRIDE: {override}"] if override else []),
        )
        return Approved(context, ACTION, f"{context} {plan.target.release.id}", what)

    def gates(self, plan: Plan, asked: Asked, who: Operator, live: Assessment) -> tuple[Gate, ...]:
        """Every gate in order, as it stands. Looks at the engine's processes."""
        checkpoint = checkpoint_of(self.settings.chosen, self.releases.clock)
        own = back_gates(asked, self._ground(plan))
        return checkpoint.gates(self.deed(plan, asked), who, self._asleep(live), own)

    def go(
        self,
        plan: Plan,
        asked: Asked,
        who: Operator,
        live: Assessment,
        *,
        approved: Callable[[], Consent] | None,
        told: Callable[[str], None] = lambda _line: None,
    ) -> Done:
        """Do it; `told` is told what stood there before, once that is kept.

        Raises AccessError, of which RefusedError is one, before a file was touched, and ReleaseError for what
        went wrong then: it says where it stands.
        """
        try:
            gates = back_gates(asked, self._ground(plan))
        except ReleaseError as error:
            raise AccessError(f"no file was touched: {error}") from None
        checkpoint = checkpoint_of(self.settings.chosen, self.releases.clock)
        consent = checkpoint.let_through(self.deed(plan, asked), who, self._asleep(live), gates, approved)
        with ExitStack() as lock:
            try:
                lock.enter_context(self.releases.locked())
                intent, kept = self._begun(plan, asked, consent, gates)
            except ReleaseError as error:
                raise AccessError(f"no file was touched: {error}") from None
            told(f"recorded as {kept}")
            return self._carried_out(plan, intent, kept)

    def _begun(
        self, plan: Plan, asked: Asked, consent: Consent | None, gates: Collection[Gate]
    ) -> tuple[Record, str]:
        """Keep what stands there, and write down what is about to be done: from then on files may change.

        Raises ReleaseError. The processes are looked at once more: keeping takes its time.
        """
        releases, release = self.releases, plan.target.release
        try:
            if tree_of(files_of(releases.code)) != plan.stands.tree:
                raise ReleaseError("files have changed since they were looked at")
            self._close_abandoned(plan)
            kept = plan.kept or self._saved(plan)
            act = Act(
                self.settings.context,
                ACTION,
                release.id,
                before={
                    "kept": kept,
                    "manifest": plan.target.digest,
                    "run": asked.run,
                    "tree": plan.stands.tree,
                },
                after={"tree": release.tree},
                reason=asked.reason,
                approval=None if consent is None else in_journal(consent),
                evidence={gate.name: gate.words for gate in gates},
            )
            ended, words = self.ended()
            if ended is not True:
                raise ReleaseError(f"processes: {words}")
            return releases.journal.intent(releases.actor, act), kept
        except JournalError as error:
            raise ReleaseError(str(error)) from None

    def _carried_out(self, plan: Plan, intent: Record, kept: str) -> Done:
        """The exchange, from the intent to its outcome."""
        tree, wanted, made = self.releases.code.tree, plan.target.release.files, list[Change]()
        try:
            exchange(tree, plan.changes, plan.contents(), made.append)
            wrong = differences(wanted, files_of(self.releases.code))
            failure = f"every file was put there, and then {wrong[0]}" if wrong else ""
        except ReleaseError as error:
            failure = str(error)
        if failure:
            side = (
                f"{len(made)} of {len(plan.changes)} files are exchanged; run it again, or go back to {kept}"
            )
            noted = self._noted(intent, done=False, words=f"{failure}; {side}")
            raise ReleaseError("; ".join(part for part in (failure, side, noted) if part))
        complaints = (self._noted(intent, done=True, words="every file is as recorded"), self._indexed(plan))
        return Done(len(made), kept, tuple(each for each in complaints if each))

    def _saved(self, plan: Plan) -> str:
        """Save what stands there; its id."""
        origin = git.origin_of(self.releases.code.tree, self._patterns)
        note = f"before {plan.target.release.called} was put back"
        return self.releases.keep_tree(origin, None, note, saved=True).release.id

    def _kept(self, stands: Standing, target: Kept) -> str:
        """The id of what what stands there is recorded as; empty where it has to be saved.

        A way back that was killed has left files of two sides, both of them recorded: they are no third.
        """
        begun = stands.past.unfinished
        if begun is not None and begun.release == target.release.id:
            before = next((each for each in stands.known if each.release.id == begun.kept), None)
            sides = (before.release.files if before else {}, target.release.files)
            if before is not None and before.sound and _is_between(stands.files, *sides):
                return begun.kept
        return stands.stands.release.id if stands.stands is not None and stands.stands.sound else ""

    def _others(self) -> Iterator[str]:
        """That the releases are another journal's, where they are."""
        try:
            check_own(self.releases.folder, self.releases.state)
        except ReleaseError as error:
            yield str(error)

    def _strangers(self, target: Kept) -> tuple[str, ...]:
        """What of the release's files the settings don't name."""
        names = [name for name in target.release.files if not is_named(name, self._patterns)]
        return tuple(f"{name} is none of the files that the settings name" for name in names)

    def _contents(self, target: Kept) -> tuple[Callable[[], Iterable[Content]], tuple[str, ...]]:
        """Where the release's files are read from, the recorded copy or git; and what is wrong with both."""
        release, tree = target.release, self.releases.code.tree
        try:
            target.check()
        except ReleaseError as error:
            found = git.of_commit(tree, release)
            if found is None:
                return lambda: (), (str(error),)
            return lambda: found, ()
        return lambda: contents_of(target.file, release), ()

    def _ground(self, plan: Plan) -> Ground:
        ended, words = self.ended()
        needed, free = bytes_needed(self.releases.code.tree, plan.changes)
        return Ground(
            called=plan.target.release.called,
            problems=plan.problems,
            known=plan.target.release.id in plan.stands.past.manifests,
            good=plan.stands.past.is_good(plan.target.release.id),
            ended=ended,
            ended_words=words,
            needed=needed,
            free=free,
            tree=plan.stands.tree,
            phrase=self.phrase,
        )

    def _close_abandoned(self, plan: Plan) -> None:
        """Close what a process that died on the way left open, and remove what it left beside the files."""
        releases, journal = self.releases, self.releases.journal
        for intent in abandoned_intents(journal.folder, releases.actor.host):
            if (intent.context, intent.action) == (self.settings.context, ACTION):
                began = event_of(intent)
                sides = [
                    each.release
                    for each in plan.stands.kept
                    if each.release.id in (began.release, began.kept)
                ]
                names = {name for each in sides for name in each.files if is_named(name, self._patterns)}
                tidy(releases.code.tree, names, began.at)
                words = f"what stood there then: {plan.stands.now}"
                close(journal, releases.actor, intent, False, after=words, evidence={"read_back": True})

    def _noted(self, intent: Record, *, done: bool, words: str) -> str:
        """Close the journal's intent; what is wrong with the journal, in words."""
        try:
            self.releases.journal.outcome(self.releases.actor, intent, done, after=words)
        except JournalError as error:
            return f"THE JOURNAL LACKS IT: {error}"
        return ""

    def _indexed(self, plan: Plan) -> str:
        """Have git's index know, as its `checkout` would; what it says against it."""
        commit, names = plan.target.release.commit, sorted({*plan.stands.files, *plan.target.release.files})
        if commit is None:
            return ""
        try:
            git.tell_index(self.releases.code.tree, commit, names)
        except ReleaseError as error:
            return f"git's index was left as it was: {error}"
        return ""

    def _asleep(self, live: Assessment) -> Assessment:
        """What is known without an engine: the guard asks no stopped one to be fresh."""
        return replace(live, sources=tuple(each for each in live.sources if each.name in self.asleep))


def _verb(change: Change) -> str:
    return "remove" if change.new is None else "make" if change.old is None else "replace"


def _is_between(now: Files, before: Files, after: Files) -> bool:
    """Whether every file is as it was before, or as it is after."""
    names = {*now, *before, *after}
    return all(any(_alike(now, side, name) for side in (before, after)) for name in names)


def _alike(one: Files, other: Files, name: str) -> bool:
    return one[name].same(other.get(name)) if name in one else name not in other


def _another(target: Kept, stands: Standing) -> tuple[str, ...]:
    """That the manifest isn't the recorded one; where none was recorded, an override may take it."""
    if stands.past.manifests.get(target.release.id, target.digest) == target.digest:
        return ()
    return (f"{target.release.id}: the journal knows another manifest of it",)
