"""Requests for a second person, as files in a folder that both of them can write.

    state/approvals/7K3QXM.request.json      made and owned by the one who asks
    state/approvals/7K3QXM.1002.json         made and owned by the one who agrees, here uid 1002
    state/approvals/7K3QXM.used.json         made once, by the one who asked, right before the deed

Who wrote a file is what the kernel says: its owner, who alone may have been able to write it. Nothing in it
is believed about that. The administrator makes the folder for a group (mode 3770: the sticky bit keeps its
members from moving each other's files); where only one person uses it, it is theirs (0700).
"""

import json
import os
import random
import re
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from console.actions.durable import MISSING, DurableError, replace_file
from console.actions.faults import points_of
from console.actions.notify import Tell, nobody
from console.actions.roles import login_uid, standings_in
from console.audit.actor import Actor, this_actor
from console.audit.errors import JournalError
from console.audit.files import lines, make_folder
from console.audit.journal import Journal
from console.audit.open import open_journal
from console.audit.open_intents import abandoned_intents, close
from console.audit.points import pass_by
from console.audit.record import Act, RecordError, iso_time, read_line
from console.audit.redaction import Json
from console.domain import approval as rules
from console.domain.access import AccessError, Standing, stated
from console.domain.approval import Approval, Consent, Deed, Request
from console.domain.clock import Clock
from console.domain.news import Kind

if TYPE_CHECKING:
    from console.settings import Settings

ASK = "approval.request"
APPROVE = "approval.approve"
USE = "approval.use"
BREAK_GLASS = "access.break_glass"

KEPT_FOR = 7 * 86400.0
"""Seconds after its end that a request stays in the folder; the journal keeps it for ever."""
_LARGEST = 64 * 1024
_GROUP = 0o070
_OTHERS_WRITE = 0o022

Owned = TypeVar("Owned", Request, Approval)


class Approvals:
    """The requests in `folder`, as one person sees them. Making one touches nothing."""

    def __init__(
        self,
        folder: Path,
        *,
        journal: Journal,
        actor: Actor,
        clock: Clock,
        standing_of: Callable[[str, int], Standing],
        login: int | None = None,
        chance: random.Random | None = None,
        tell: Tell = nobody,
    ) -> None:
        """`standing_of` tells what a uid may do in a context; AccessError where there is no such context.

        `login` is the uid of the actor's login, where that is known; `tell` tells people who aren't at a
        console that a second person is wanted, or was done without.
        """
        self.folder = folder
        self._journal = journal
        self._actor = actor
        self._clock = clock
        self._standing_of = standing_of
        self._login = login
        self._chance = chance or random.SystemRandom()
        self._tell = tell

    def ask(self, deed: Deed, reason: str, *, lasting: float) -> Request:
        """Make a request that counts for `lasting` seconds; AccessError when that isn't possible."""
        by = self._standing_of(deed.context, self._actor.uid)
        id_ = "".join(self._chance.choices(rules.ALPHABET, k=rules.ID_LENGTH))
        asked = rules.request(id_, deed, reason, by, self._clock.wall(), lasting=lasting, login=self._login)
        self._make_folder()
        self._remove_old()
        self._write(ASK, asked, _request_file(id_), _json(rules.document_of(asked)))
        self._tell(Kind.APPROVAL, asked.reason, f"{deed.action} {deed.target}: opsconsole approve {id_}")
        return asked

    def find(self, id_: str) -> Request:
        """The request with all that was added to it; AccessError when there is none that can be trusted."""
        try:
            wanted = rules.checked_id(id_)
        except ValueError as error:
            raise AccessError(str(error)) from None
        asked = self._read_request(self.folder / _request_file(wanted))
        if asked.id != wanted:
            raise AccessError(f"request {wanted}: its file holds another")
        return asked

    def waiting(self) -> tuple[tuple[Request, ...], tuple[str, ...]]:
        """What can still be agreed to, oldest first; and why a file isn't among them that may have to be."""
        found, complaints = [], []
        for file in self._files(".request.json"):
            try:
                asked = self.find(file.name.partition(".")[0])
            except AccessError as error:
                complaints.append(str(error))
                continue
            if not rules.closed_by(asked, self._clock.wall()):
                found.append(asked)
        return tuple(sorted(found, key=lambda asked: (asked.at, asked.id))), tuple(complaints)

    def approve(self, seen: Request) -> Request:
        """Agree to the request as it was seen; AccessError when it has changed, or that wouldn't count."""
        asked = self.find(seen.id)
        if asked.digest != seen.digest:
            raise AccessError(f"request {seen.id}: has changed since it was shown")
        by = self._standing_of(asked.deed.context, self._actor.uid)
        if any(each.uid == by.person.uid for each in asked.approvals):
            raise AccessError(f"request {asked.id}: {by.person} has approved it already")
        approval = rules.approve(asked, by, self._clock.wall(), login=self._login)
        text = _json(rules.approval_document(approval, asked))
        self._write(APPROVE, asked, f"{asked.id}.{approval.uid}.json", text)
        return self.find(asked.id)

    def consent(self, asked: Request) -> Consent:
        """What the request is worth now; AccessError says what is wrong with it, or that it still waits."""
        return self._worth(self.find(asked.id))

    def use(self, asked: Request) -> Consent:
        """Take the consent for one deed, right before it; AccessError when it was taken before."""
        found = self.find(asked.id)
        if found.uid != self._actor.uid:
            raise AccessError(f"request {asked.id}: only the one who asked may use it")
        consent = self._worth(found, self._login)
        text = _json({"id": found.id, "digest": found.digest, "uid": found.uid})

        def unused() -> None:
            if _is_used(self._journal.folder, found):
                raise AccessError(f"request {found.id}: has been used, as the journal says")

        self._write(USE, found, _used_file(found.id), text, in_journal(consent), guard=unused)
        return consent

    def break_glass(self, deed: Deed, reason: str, *, lasting: float) -> Consent:
        """An admin's own consent in an emergency, once that is in the journal; AccessError otherwise."""
        by = self._standing_of(deed.context, self._actor.uid)
        consent = rules.break_glass(deed, by, self._clock.wall(), lasting=lasting)
        act = Act(
            deed.context,
            BREAK_GLASS,
            f"{deed.action} {deed.target}",
            after=list(deed.what),
            reason=stated(reason),
            approval=in_journal(consent),
        )
        try:
            self._journal.note(self._actor, act)
        except JournalError as error:
            raise AccessError(f"the glass stays whole: {error}") from None
        self._tell(Kind.BREAK_GLASS, reason, f"{deed.action} {deed.target}")
        return consent

    def close_abandoned(self) -> None:
        """Close what consoles that died on the way left open: done is what has its file.

        Raises AccessError.
        """
        try:
            for intent in abandoned_intents(self._journal.folder, self._actor.host):
                evidence = intent.evidence if isinstance(intent.evidence, Mapping) else {}
                name = evidence.get("file")
                if intent.action in (ASK, APPROVE, USE) and isinstance(name, str):
                    done = (self.folder / name).exists()
                    close(self._journal, self._actor, intent, done, evidence={"read_back": True})
        except JournalError as error:
            raise AccessError(str(error)) from None
        except OSError as error:
            raise AccessError(f"{self.folder}: {_said(error)}") from None

    def _worth(self, asked: Request, login: int | None = None) -> Consent:
        standings = {each.uid: self._standing_of(asked.deed.context, each.uid) for each in asked.approvals}
        return rules.consent(asked, standings, self._clock.wall(), login=login)

    def _write(
        self,
        action: str,
        asked: Request,
        name: str,
        text: bytes,
        approval: Json = None,
        *,
        guard: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the file `name`, of which there may be none yet, between its intent and its outcome.

        `guard` raises AccessError, under the journal's lock, if it may not be made.
        """
        deed = asked.deed
        act = Act(
            deed.context,
            action,
            f"{asked.id}: {deed.action} {deed.target}",
            after=list(deed.what),
            reason=asked.reason,
            approval=approval,
            evidence={"file": name, "digest": asked.digest, "asked by": asked.uid, "expires": asked.expires},
        )
        try:
            intent = self._journal.intent(self._actor, act, guard=guard)
            try:
                self._create(name, text)
            except DurableError as error:
                self._journal.outcome(self._actor, intent, error.written, evidence=str(error))
                raise AccessError(f"request {asked.id}: {error}") from None
            self._journal.outcome(self._actor, intent, True, after=name)
        except JournalError as error:
            raise AccessError(f"request {asked.id}: {error}") from None

    def _create(self, name: str, text: bytes) -> None:
        file = self.folder / name
        try:
            shared = self.folder.stat().st_mode & _GROUP == _GROUP
            linked = file.is_symlink()
        except OSError as error:
            raise DurableError(f"{file}: {_said(error)}") from None
        if linked:  # somebody else would have us write elsewhere
            raise DurableError(f"{file}: is a link")
        replace_file(file, text, expected=MISSING, point=points_of("approval"), mode=0o600)
        if shared:
            with suppress(OSError):  # whatever this process' umask is, the others have to read it
                file.chmod(0o640)

    def _make_folder(self) -> None:
        try:
            make_folder(self.folder, pass_by)
        except OSError as error:
            raise AccessError(f"{self.folder}: {_said(error)}") from None

    def _remove_old(self) -> None:
        """Remove our own files of requests that are long over."""
        over = self._clock.wall() - rules.LONGEST - KEPT_FOR
        for file in self._files(""):
            with suppress(OSError):
                status = file.lstat()
                if status.st_uid == self._actor.uid and status.st_mtime < over:
                    file.unlink()

    def _files(self, ending: str) -> tuple[Path, ...]:
        try:
            return tuple(file for file in self.folder.iterdir() if file.name.endswith(ending))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise AccessError(f"{self.folder}: {_said(error)}") from None

    def _read_request(self, file: Path) -> Request:
        asked = _trusted(file, rules.request_from)
        approvals = []
        for other in self._files(".json"):
            if re.fullmatch(rf"{asked.id}\.\d{{1,10}}\.json", other.name):
                approval = _trusted(other, rules.approval_from)
                if other.name != f"{asked.id}.{approval.uid}.json":
                    raise AccessError(f"{other}: is uid {approval.uid}'s")
                approvals.append(approval)
        approvals.sort(key=lambda each: (each.at, each.uid))
        return replace(asked, approvals=tuple(approvals), used=(self.folder / _used_file(asked.id)).exists())


def approvals_in(
    settings: "Settings", clock: Clock, environ: Mapping[str, str], *, tell: Tell = nobody
) -> Approvals:
    """The requests of the state folder, as whoever runs this process sees them."""
    return Approvals(
        settings.state / "approvals",
        journal=open_journal(settings.state, clock),
        actor=this_actor(environ),
        clock=clock,
        standing_of=standings_in(settings),
        login=login_uid(),
        tell=tell,
    )


def in_journal(consent: Consent) -> Json:
    """A consent as the records of a deed tell it."""
    return {"by": consent.by, "broken glass": consent.broken_glass, "until": iso_time(consent.until)}


def _is_used(folder: Path, asked: Request) -> bool:
    """Whether the journal has a use of just this that did not fail: its mark may have been removed since."""
    uses = set()
    for line in lines(folder):
        if USE.encode() not in line.raw:
            continue  # the journal is locked meanwhile: only lines that may be it are read
        with suppress(RecordError):
            record = read_line(line.raw)
            evidence = record.evidence if isinstance(record.evidence, Mapping) else {}
            if record.action == USE and evidence.get("digest") == asked.digest:
                uses.add(record.sequence)
            elif record.done is False and record.intent is not None:
                uses.discard(record.intent)
    return bool(uses)


def _request_file(id_: str) -> str:
    return f"{id_}.request.json"


def _used_file(id_: str) -> str:
    return f"{id_}.used.json"


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, indent=1).encode("ascii") + b"\n"


def _trusted(file: Path, parse: Callable[[object], Owned]) -> Owned:
    """What the file says, if nobody but the one it names can have written it; AccessError otherwise."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & _OTHERS_WRITE:
                raise AccessError(f"{file}: others than its owner may have written it")
            text = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        raise AccessError(f"there is no {file}") from None
    except OSError as error:
        raise AccessError(f"{file}: {_said(error)}") from None
    try:
        owned = parse(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise AccessError(f"{file}: {' '.join(str(error).split())}") from None
    if owned.uid != status.st_uid:
        raise AccessError(f"{file}: belongs to uid {status.st_uid}, and speaks for uid {owned.uid}")
    return owned


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
