"""The scraper against real sockets on loopback, well-behaved and otherwise."""

import email.utils
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from console.domain.loopback import is_loopback
from console.domain.metrics import Series
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.heartbeat import HEARTBEAT
from console.sources.scrape import ScrapeSource
from tests.tui.fake import HandClock

TIMEOUT = 0.5
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"


@dataclass
class SkewedClock:
    """The machine's own clock, its time of day moved by `skew` seconds."""

    skew: float = 0.0

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time() + self.skew


@dataclass
class Engine:
    """A server that hands each request's connection to `behave`, and keeps what was asked."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metrics"


Behaviour = Callable[[socket.socket], None]


@contextmanager
def engine(behave: Behaviour) -> Iterator[Engine]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Engine(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                running.connections += 1
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            try:
                with connection:
                    while request := connection.recv(65536):
                        running.requests.append(request)
                        behave(connection)
            except OSError:
                return  # the console has hung up

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield running
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(2)


def answering(body: bytes, *headers: str) -> Behaviour:
    lines = "".join(f"{header}\r\n" for header in headers).encode()
    whole = HEAD + lines + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    return lambda connection: connection.sendall(whole)


def dribbling(start: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"a")
            time.sleep(0.02)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Each request gets the next of `behaviours`."""
    coming = iter(behaviours)

    def behave(connection: socket.socket) -> None:
        next(coming)(connection)

    return behave


def source(url: str, clock: SkewedClock | None = None, max_bytes: int = 1 << 20) -> ScrapeSource:
    return ScrapeSource(url, clock=clock or SkewedClock(), timeout=TIMEOUT, max_bytes=max_bytes)


def failure(behave: Behaviour) -> str:
    with engine(behave) as running, pytest.raises(SourceError) as caught:
        source(running.url).read()
    return str(caught.value)


def test_a_scrape_gives_the_samples() -> None:
    with engine(answering(b'up{a="x"} 1\n')) as running:
        assert source(running.url).read().samples == {"up": {Series("up", (("a", "x"),)): 1.0}}


def test_scrapes_share_one_connection() -> None:
    with engine(answering(b"up 1\n")) as running:
        one = source(running.url)
        for _ in range(3):
            one.read()
        assert (running.connections, len(running.requests)) == (1, 3)


def test_a_scrape_works_again_after_the_engine_hung_up() -> None:
    def once(connection: socket.socket) -> None:
        answering(b"up 1\n")(connection)
        connection.shutdown(socket.SHUT_RDWR)

    with engine(once) as running:
        one = source(running.url)
        one.read()
        assert one.read().samples["up"]


def test_a_kept_connection_that_the_engine_closed_is_no_failure() -> None:
    with engine(in_turn(answering(b"up 1\n"), socket.socket.close, answering(b"up 2\n"))) as running:
        one = source(running.url)
        one.read()
        assert list(one.read().samples["up"].values()) == [2.0]
        assert (running.connections, len(running.requests)) == (2, 3)


def test_a_new_connection_that_breaks_is_a_failure_at_once() -> None:
    with engine(lambda connection: connection.shutdown(socket.SHUT_RDWR)) as running:
        with pytest.raises(SourceError, match="the answer broke off"):
            source(running.url).read()
        assert running.connections == 1


def test_a_connection_that_breaks_twice_is_a_failure() -> None:
    with engine(in_turn(answering(b"up 1\n"), socket.socket.close, socket.socket.close)) as running:
        one = source(running.url)
        one.read()
        with pytest.raises(SourceError, match="the answer broke off"):
            one.read()
        assert len(running.requests) == 3


def test_a_compressed_body_is_read() -> None:
    with engine(answering(gzip.compress(b"up 1\n"), "Content-Encoding: gzip")) as running:
        assert source(running.url).read().samples["up"]


def test_a_body_in_chunks_is_read_and_the_connection_kept() -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nup \r\n2\r\n1\n\r\n0\r\n\r\n"
    with engine(lambda connection: connection.sendall(chunked)) as running:
        one = source(running.url)
        assert one.read().samples["up"]
        assert one.read().samples["up"]
        assert running.connections == 1


@pytest.mark.parametrize("chunks", [b"3\r\nup ", b"3\r\nup \r\n", b"zz\r\n", b"fffffffff\r\nup 1\n"])
def test_chunks_without_an_end_are_refused(chunks: bytes) -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        connection.shutdown(socket.SHUT_RDWR)

    assert failure(behave) == "the answer broke off: its body has no end"


def test_a_body_that_ends_with_the_connection_is_read() -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"\r\nup 1\n")
        connection.shutdown(socket.SHUT_RDWR)

    with engine(behave) as running:
        one = source(running.url)
        assert one.read().samples["up"]
        assert one.read().samples["up"]


def test_more_than_was_announced_is_not_taken_for_the_next_answer() -> None:
    answer = HEAD + b"Content-Length: 5\r\n\r\nup 1\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 9\n"
    with engine(lambda connection: connection.sendall(answer)) as running:
        one = source(running.url)
        one.read()
        assert list(one.read().samples["up"].values()) == [1.0]


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    sent = threading.Event()

    def behave(connection: socket.socket) -> None:
        answering(b"up 1\n")(connection)
        time.sleep(0.05)
        answering(b"up 9\n")(connection)
        sent.set()

    with engine(behave) as running:
        one = source(running.url)
        one.read()
        assert sent.wait(2)
        assert list(one.read().samples["up"].values()) == [1.0]
        assert running.connections == 2


def test_nobody_listening_is_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceError, match=r"^connection refused$"):
        source(f"http://127.0.0.1:{port}/metrics").read()


def test_an_engine_that_says_nothing_is_no_answer() -> None:
    assert failure(lambda connection: time.sleep(2 * TIMEOUT)) == "no answer within 0.5 s"


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD + b"\r\n", HEAD + b"Content-Length: 99999\r\n\r\n"],
    ids=["headers", "endless body", "long body"],
)
def test_an_answer_that_comes_byte_by_byte_ends_at_the_deadline(start: bytes) -> None:
    begun = time.monotonic()
    assert failure(dribbling(start)) == "no answer within 0.5 s"
    assert time.monotonic() - begun < 2 * TIMEOUT


def test_a_scrape_works_again_after_a_deadline_has_passed() -> None:
    with engine(in_turn(dribbling(HEAD + b"\r\n"), answering(b"up 1\n"))) as running:
        one = source(running.url)
        with pytest.raises(SourceError):
            one.read()
        assert one.read().samples["up"]


def test_a_body_over_the_cap_is_refused() -> None:
    assert failure(answering(b"# remark\n" * 200_000)) == "body larger than 1 MB"


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b"\n" * (64 << 20))
    assert failure(answering(bomb, "Content-Encoding: gzip")) == "body larger than 1 MB"


def test_gzip_that_is_cut_off_is_refused() -> None:
    body = gzip.compress(b"up 1\n" * 1000)[:-9]
    assert (
        failure(answering(body, "Content-Encoding: gzip")) == "the answer broke off: its gzip data has no end"
    )


def test_a_body_shorter_than_announced_is_refused() -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\nup 1\n")
        connection.shutdown(socket.SHUT_RDWR)

    assert failure(behave).startswith("the answer broke off: ")


@pytest.mark.parametrize(
    "status", [b"503 Service Unavailable", b"404 Not Found", b"302 Found\r\nLocation: /elsewhere"]
)
def test_any_status_but_200_is_the_error(status: bytes) -> None:
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
    assert failure(lambda connection: connection.sendall(answer)) == f"HTTP {status[:3].decode()}"


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/\x1b[31m 200 OK\r\n\r\n", b"\n\n"])
def test_what_is_not_http_is_not_quoted(said: bytes) -> None:
    assert failure(lambda connection: connection.sendall(said)) == "the answer broke off: it is not HTTP"


def test_a_malformed_body_names_its_line() -> None:
    assert failure(answering(b"up 1\nnonsense\n")) == "line 2: 'nonsense': no value"


def test_without_a_heartbeat_the_data_has_no_time_of_its_own() -> None:
    with engine(answering(b"up 1\n")) as running:
        assert source(running.url).read().data_at is None


def test_data_is_as_old_as_the_heartbeat() -> None:
    clock = SkewedClock()
    with engine(answering(f"{HEARTBEAT} {clock.wall() - 30!r}\n".encode())) as running:
        data_at = source(running.url, clock).read().data_at
    assert data_at is not None
    assert clock.now() - data_at == pytest.approx(30, abs=0.5)


def test_the_oldest_explicit_timestamp_ages_the_data() -> None:
    clock = SkewedClock()
    stamp = round((clock.wall() - 60) * 1000)
    body = f"{HEARTBEAT} {clock.wall()!r}\nup 1 {stamp}\n".encode()
    with engine(answering(body)) as running:
        data_at = source(running.url, clock).read().data_at
    assert data_at is not None
    assert clock.now() - data_at == pytest.approx(60, abs=0.5)


def test_a_heartbeat_ahead_of_the_clock_is_current_and_noted() -> None:
    clock = HandClock()
    with engine(answering(f"{HEARTBEAT} {clock.wall() + 600!r}\n".encode())) as running:
        scraped = source(running.url, clock).read()
    assert scraped.data_at == clock.now()
    assert scraped.notes == ("the engine's clock is 600.0 s ahead",)


@pytest.mark.parametrize("line", ["{heartbeat} {ahead!r}", "up 1 {milliseconds}"])
def test_a_stamp_in_the_future_that_stands_still_grows_old(line: str) -> None:
    clock = HandClock()
    ahead = clock.at + 3600
    body = line.format(heartbeat=HEARTBEAT, ahead=ahead, milliseconds=int(ahead * 1000)) + "\n"
    with engine(answering(body.encode())) as running:
        one = ScrapeSource(running.url, clock=clock, timeout=5)
        first = one.read()
        clock.at += 50
        second = one.read()
        clock.at += 3551
        third = one.read()
    assert (first.data_at, second.data_at, third.data_at) == (clock.at - 3601,) * 3
    assert (second.notes, third.notes) == (("the engine's clock is 3550.0 s ahead",), ())


def test_a_heartbeat_in_the_future_that_goes_on_is_current() -> None:
    clock = HandClock()
    beats = iter((3600, 3605))

    def behave(connection: socket.socket) -> None:
        answering(f"{HEARTBEAT} {clock.at + next(beats)!r}\n".encode())(connection)

    with engine(behave) as running:
        one = ScrapeSource(running.url, clock=clock, timeout=5)
        one.read()
        clock.at += 5
        assert one.read().data_at == clock.at


def test_a_token_is_not_sent_where_others_can_read_it() -> None:
    credentials = Credentials(bearer_env="ENGINE_TOKEN", environment={"ENGINE_TOKEN": "abc"})
    one = ScrapeSource("http://192.0.2.1/", clock=HandClock(), timeout=0.01, credentials=credentials)
    with pytest.raises(SourceError, match="credentials are only sent over https"):
        one.read()
    assert credentials.headers("https://192.0.2.1/") == {"Authorization": "Bearer abc"}


@pytest.mark.parametrize(("value", "word"), [("NaN", "NaN"), ("+Inf", "infinite")])
def test_a_heartbeat_that_is_no_time_is_an_error(value: str, word: str) -> None:
    assert failure(answering(f"{HEARTBEAT} {value}\n".encode())) == f"the heartbeat is {word}"


def test_a_token_is_sent_from_the_environment() -> None:
    credentials = Credentials(bearer_env="ENGINE_TOKEN", environment={"ENGINE_TOKEN": "abc"})
    with engine(answering(b"up 1\n")) as running:
        ScrapeSource(running.url, clock=SkewedClock(), timeout=TIMEOUT, credentials=credentials).read()
        assert b"Authorization: Bearer abc\r\n" in running.requests[0]


def test_a_missing_variable_is_named_and_nothing_is_asked() -> None:
    credentials = Credentials(bearer_env="ENGINE_TOKEN", environment={})
    with engine(answering(b"up 1\n")) as running:
        one = ScrapeSource(running.url, clock=SkewedClock(), timeout=TIMEOUT, credentials=credentials)
        with pytest.raises(SourceError, match="the environment variable ENGINE_TOKEN is not set"):
            one.read()
        assert running.requests == []


def test_a_distant_heartbeat_is_judged_by_the_distant_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sources.scrape.is_loopback", lambda url: False)
    clock = SkewedClock(skew=-3600)
    theirs = time.time()
    body = f"{HEARTBEAT} {theirs - 30!r}\n".encode()
    with engine(answering(body, f"Date: {email.utils.formatdate(theirs, usegmt=True)}")) as running:
        data_at = source(running.url, clock).read().data_at
    assert data_at is not None
    assert clock.now() - data_at == pytest.approx(30, abs=1.5)


def test_distant_data_ages_while_its_answer_is_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sources.scrape.is_loopback", lambda url: False)
    clock = HandClock()
    theirs = clock.at + 3600
    begun = clock.at

    def slow(connection: socket.socket) -> None:
        clock.at += 10
        body = f"{HEARTBEAT} {theirs - 30!r}\n".encode()
        answering(body, f"Date: {email.utils.formatdate(theirs, usegmt=True)}")(connection)

    with engine(slow) as running:
        assert ScrapeSource(running.url, clock=clock, timeout=100).read().data_at == begun - 30


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:9/m", True),
        ("http://localhost/", True),
        ("http://[::1]:9/", True),
        ("http://127.8.9.1/", True),
        ("http://10.0.0.1/", False),
        ("http://127.evil.example/", False),
        ("http://localhost@10.0.0.1/", False),
        ("http://[::1/", False),
        ("/no/host", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, near: bool) -> None:
    assert is_loopback(url) is near
