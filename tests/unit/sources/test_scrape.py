"""The scraper against real sockets on loopback, well-behaved and otherwise."""

import gzip
import socket
import threading
import time

import pytest

from console.domain.clock import SystemClock
from console.domain.loopback import is_loopback
from console.domain.metrics import Series
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.scrape import ScrapeSource
from tests.tui.fake import HandClock
from tests.unit.sources.scraping import HEAD, answering, dribbling, engine, failure, in_turn, source
from tests.waiting import DEADLINE

SHORT = 0.5


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
        assert sent.wait(DEADLINE)
        assert list(one.read().samples["up"].values()) == [1.0]
        assert running.connections == 2


def test_nobody_listening_is_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceError, match=r"^connection refused$"):
        source(f"http://127.0.0.1:{port}/metrics").read()


def test_an_engine_that_says_nothing_is_no_answer() -> None:
    assert failure(lambda connection: time.sleep(2 * SHORT), SHORT) == "no answer within 0.5 s"


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD + b"\r\n", HEAD + b"Content-Length: 99999\r\n\r\n"],
    ids=["headers", "endless body", "long body"],
)
def test_an_answer_that_comes_byte_by_byte_ends_at_the_deadline(start: bytes) -> None:
    begun = time.monotonic()
    assert failure(dribbling(start), SHORT) == "no answer within 0.5 s"
    assert time.monotonic() - begun < DEADLINE


def test_a_scrape_works_again_after_a_deadline_has_passed() -> None:
    with engine(in_turn(dribbling(HEAD + b"\r\n"), answering(b"up 1\n"))) as running:
        one = source(running.url, timeout=SHORT)
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


def test_a_token_is_not_sent_where_others_can_read_it() -> None:
    credentials = Credentials(bearer_env="ENGINE_TOKEN", environment={"ENGINE_TOKEN": "abc"})
    one = ScrapeSource("http://192.0.2.1/", clock=HandClock(), timeout=0.01, credentials=credentials)
    with pytest.raises(SourceError, match="credentials are only sent over https"):
        one.read()
    assert credentials.headers("https://192.0.2.1/") == {"Authorization": "Bearer abc"}


def test_a_token_is_sent_from_the_environment() -> None:
    credentials = Credentials(bearer_env="ENGINE_TOKEN", environment={"ENGINE_TOKEN": "abc"})
    with engine(answering(b"up 1\n")) as running:
        ScrapeSource(running.url, clock=SystemClock(), timeout=DEADLINE, credentials=credentials).read()
        assert b"Authorization: Bearer abc\r\n" in running.requests[0]


def test_a_missing_variable_is_named_and_nothing_is_asked() -> None:
    credentials = Credentials(bearer_env="ENGINE_TOKEN", environment={})
    with engine(answering(b"up 1\n")) as running:
        one = ScrapeSource(running.url, clock=SystemClock(), timeout=DEADLINE, credentials=credentials)
        with pytest.raises(SourceError, match="the environment variable ENGINE_TOKEN is not set"):
            one.read()
        assert running.requests == []


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
