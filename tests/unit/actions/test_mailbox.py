"""Messages to one service: in order, again where they aren't taken, and never in anybody's way."""

import threading

import pytest

from console.actions import mailbox
from console.actions.mailbox import KEPT_FOR, Mailbox, sent
from console.domain.alert_notices import WATCHDOG, Message
from tests.unit.actions.people import Wall
from tests.unit.actions.services import running_service
from tests.waiting import DEADLINE, eventually


class Post:
    """Where a mailbox sends to: `fails` are the titles that aren't taken, `sent` all that were tried."""

    def __init__(self, *fails: str) -> None:
        self.fails = set(fails)
        self.sent: list[str] = []
        self.taken: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.clock = Wall()
        self.box = Mailbox(self._send, self.clock, lambda message: self.taken.append(message.title))

    def put(self, *titles: str, kind: str = "page") -> None:
        for title in titles:
            self.box.put(Message("page", kind, title, ""))

    def _send(self, message: Message) -> str:
        self.may_answer.wait(DEADLINE)
        self.sent.append(message.title)
        return "not taken" if message.title in self.fails else ""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What isn't taken is sent again only when there is a reason for it."""
    monkeypatch.setattr(mailbox, "FIRST_WAIT", DEADLINE)


def test_messages_go_out_in_order() -> None:
    post = Post()
    post.put("a", "b", "c")
    eventually(lambda: post.taken == ["a", "b", "c"])
    assert post.box.complaint == ""


def test_putting_waits_for_no_service() -> None:
    post = Post()
    post.may_answer.clear()
    post.put("a", "b")
    assert post.taken == []
    post.may_answer.set()
    eventually(lambda: post.taken == ["a", "b"])


def test_what_is_not_taken_is_a_complaint_and_is_sent_again_with_the_next() -> None:
    post = Post("a")
    post.put("a")
    eventually(lambda: post.box.complaint == "not taken")
    post.fails.clear()
    post.put("b")
    eventually(lambda: post.taken == ["a", "b"])
    assert (post.sent, post.box.complaint) == (["a", "a", "b"], "")


def test_what_is_not_taken_is_sent_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "FIRST_WAIT", 0.01)
    post = Post("a")
    post.put("a")
    eventually(lambda: len(post.sent) > 1)
    post.fails.clear()
    eventually(lambda: post.taken == ["a"])


def test_what_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post("a")
    post.put("a")
    eventually(lambda: post.sent == ["a"])
    post.clock.at += KEPT_FOR + 1
    post.put("b")
    eventually(lambda: post.taken == ["b"])
    assert post.sent == ["a", "a", "b"]


def test_a_heartbeat_is_not_sent_late() -> None:
    post = Post("a")
    post.put("a", kind=WATCHDOG)
    post.put("b", kind=WATCHDOG)
    eventually(lambda: post.taken == ["b"])
    assert post.sent == ["a", "b"]


def test_leaving_waits_for_what_is_being_sent() -> None:
    post = Post()
    post.put("a")
    post.box.close(DEADLINE)
    assert post.taken == ["a"]


def test_leaving_waits_no_longer_than_it_may() -> None:
    post = Post()
    post.may_answer.clear()
    post.put("a")
    post.box.close(0.01)
    assert post.taken == []
    post.may_answer.set()


def test_a_message_is_sent_by_apprise() -> None:
    pytest.importorskip("apprise", reason="the extra [notify] isn't installed")
    message = Message("page", "page", "[production] prod: PAGE x", "PAGE x: the key is xK3-9qzT")
    with running_service() as service:
        assert sent(2 * DEADLINE, {"DB_PASSWORD": "xK3-9qzT"}, service.address, message) == ""
    (told,) = service.taken
    assert (told["title"], told["type"]) == (message.title, "failure")
    assert told["message"] == "PAGE x: the key is (redacted)"
