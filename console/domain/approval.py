"""The second person: what exactly is asked for, and whether somebody else has agreed to just that.

An approval is of one request, by its digest, so that nothing can be changed in it afterwards. Nobody agrees
with themselves. Instants are wall-clock seconds since 1970, because several processes compare them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.access import AccessError, Role, Standing, stated

APPROVES = Role.OPERATOR
"""The role from which on somebody may approve."""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""The signs of an id: those that nobody takes for another when it is read out."""
ID_LENGTH = 6
LONGEST = 86400
"""Seconds that a request may wait, whoever wrote it."""
_LAST_INSTANT = 1e11


@dataclass(frozen=True, slots=True)
class Deed:
    """What is about to be done: `what` says exactly what it would change, one line for each."""

    context: str
    action: str
    target: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approval:
    """That `uid` agreed at `at` to the request with this digest."""

    uid: int
    at: float
    digest: str


@dataclass(frozen=True, slots=True)
class Request:
    """A deed that waits for a second person, made by `uid` at `at`, worth nothing from `expires` on.

    `login` is the uid that whoever asks has logged in as, where that is known: sudo doesn't change it.
    """

    id: str
    deed: Deed
    reason: str
    uid: int
    at: float
    expires: float
    approvals: tuple[Approval, ...] = ()
    used: bool = False
    login: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of all that is approved, as hexadecimal digits."""
        text = json.dumps(document_of(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Consent:
    """That `uid` may do exactly this deed before `until`: `by` a second person, or with broken glass."""

    deed: Deed
    uid: int
    until: float
    by: str
    broken_glass: bool = False

    def covers(self, deed: Deed, uid: int, now: float) -> bool:
        """Whether it is about this deed of this person, and still counts."""
        return deed == self.deed and uid == self.uid and now < self.until


def request(
    id_: str, deed: Deed, reason: str, by: Standing, now: float, *, lasting: float, login: int | None = None
) -> Request:
    """A request of `by` for `lasting` seconds; AccessError without a reason or the role for it."""
    if by.role < Role.OPERATOR:
        raise AccessError(f"{by}; an operator may ask for a second person")
    return Request(id_, deed, stated(reason), by.person.uid, now, now + lasting, login=login)


def approve(asked: Request, by: Standing, now: float, *, login: int | None = None) -> Approval:
    """The approval of `by`; AccessError says why it would not count.

    `login` is the uid of the login, where that is known: who has become another by sudo is still the same.
    """
    closed = closed_by(asked, now)
    if closed:
        raise AccessError(f"request {asked.id}: {closed}")
    if login is not None and login in (asked.uid, asked.login):
        raise AccessError(f"request {asked.id}: {by.person} has logged in as uid {login}, who asked for it")
    approval = Approval(by.person.uid, now, asked.digest)
    flaw = flaw_of(approval, asked, by)
    if flaw:
        raise AccessError(f"request {asked.id}: {flaw}")
    return approval


def closed_by(asked: Request, now: float) -> str:
    """Why the request can't be agreed to any more, in words; empty while it can."""
    if asked.used:
        return "has been used"
    if now >= asked.expires:
        return "has expired"
    return "was made in the future: this machine's clock was set back" if now < asked.at else ""


def flaw_of(approval: Approval, asked: Request, by: Standing, *, login: int | None = None) -> str:
    """Why `approval`, of somebody who has this standing, doesn't count; empty when it does.

    `login` is the uid of the login of whoever wants to use it, where that is known.
    """
    if approval.uid in (asked.uid, asked.login, login):
        return f"{by.person} asked for it, and can't be the second person"
    if by.role < APPROVES:
        return f"{by}; an operator or an admin may approve"
    if approval.digest != asked.digest:
        return f"{by.person} approved something else: it was changed afterwards"
    if not asked.at <= approval.at < asked.expires:
        return f"{by.person} approved it outside its time"
    return ""


def consent(
    asked: Request, standings: Mapping[int, Standing], now: float, *, login: int | None = None
) -> Consent:
    """What the request is worth now; AccessError says what is wrong with it, or that it still waits.

    `standings` has everybody who approved it; `login` is that of whoever is about to use it.
    """
    closed = closed_by(asked, now)
    if closed:
        raise AccessError(f"request {asked.id}: {closed}")
    flaws = []
    for approval in asked.approvals:
        flaw = flaw_of(approval, asked, standings[approval.uid], login=login)
        if not flaw and approval.at <= now:
            return Consent(asked.deed, asked.uid, asked.expires, str(standings[approval.uid].person))
        flaws.append(flaw or "approved in the future: this machine's clock was set back")
    why = "; ".join(flaws)
    raise AccessError(f"request {asked.id}: waits for a second person" + (f" ({why})" if why else ""))


def break_glass(deed: Deed, by: Standing, now: float, *, lasting: float) -> Consent:
    """An admin's own consent in an emergency; whoever gives it has to make it known.

    AccessError for anybody else.
    """
    if by.role < Role.ADMIN:
        raise AccessError(f"{by}; only an admin may go without a second person")
    return Consent(deed, by.person.uid, now + lasting, str(by.person), broken_glass=True)


def document_of(asked: Request) -> dict[str, object]:
    """The request as JSON holds it, without what others add to it."""
    deed = asked.deed
    return {
        "id": asked.id,
        "context": deed.context,
        "action": deed.action,
        "target": deed.target,
        "what": list(deed.what),
        "reason": asked.reason,
        "uid": asked.uid,
        "login": asked.login,
        "at": asked.at,
        "expires": asked.expires,
    }


def request_from(document: object) -> Request:
    """The request that `document_of` has described; ValueError in one line for anything else."""
    fields = _Fields(document)
    what = fields.values.get("what")
    if not isinstance(what, list) or not all(isinstance(line, str) for line in what):
        raise ValueError("what is not a list of lines")
    deed = Deed(fields.text("context"), fields.text("action"), fields.text("target"), tuple(what))
    at, expires = fields.instant("at"), fields.instant("expires")
    if not 0 < expires - at <= LONGEST:
        raise ValueError(f"expires is not within {LONGEST // 3600} hours of when it was made")
    login = None if fields.values.get("login") is None else fields.uid("login")
    return Request(
        checked_id(fields.text("id")), deed, fields.text("reason"), fields.uid(), at, expires, login=login
    )


def approval_document(approval: Approval, asked: Request) -> dict[str, object]:
    """The approval as JSON holds it."""
    return {
        "id": asked.id,
        "digest": approval.digest,
        "uid": approval.uid,
        "at": approval.at,
    }


def approval_from(document: object) -> Approval:
    """The approval that `approval_document` has described; ValueError in one line for anything else."""
    fields = _Fields(document)
    return Approval(fields.uid(), fields.instant("at"), fields.text("digest"))


def checked_id(text: str) -> str:
    """The id as it is kept, whatever its case; ValueError for what can be none."""
    given = text.strip().upper()
    if len(given) != ID_LENGTH or not set(given) <= set(ALPHABET):
        raise ValueError(f"an id has {ID_LENGTH} letters and digits, such as 7K3QXM")
    return given


class _Fields:
    """The fields of a JSON object, each of its kind."""

    def __init__(self, document: object) -> None:
        if not isinstance(document, dict):
            raise ValueError("is not a JSON object")
        self.values: dict[str, object] = document

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text")
        return value

    def uid(self, name: str = "uid") -> int:
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name} is no number")
        return value

    def instant(self, name: str) -> float:
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LAST_INSTANT:
            raise ValueError(f"{name} is no instant")
        return float(value)
