"""One HTTP request with limits that hold: a deadline for the whole of it, and a cap on what it may answer.

A client's usual time-outs begin again with every byte, so that a server which sends one byte a second is
never late. Here each read gets only what is left until the deadline, headers included. Redirects are not
followed and proxies not used: a console speaks with the surface that its settings name.

The standard library reads the answers: straight into their place, where a client of many layers copies the
megabytes of a metrics body five times.
"""

import functools
import io
import select
import socket
import ssl
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import (
    BadStatusLine,
    HTTPException,
    HTTPResponse,
    IncompleteRead,
    RemoteDisconnected,
    UnknownProtocol,
)
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.domain.clock import Clock
from console.sources.errors import NoConnectionError, SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MEBIBYTE = 1 << 20
_PIECE = 1 << 16
"""Bytes of a compressed body that are unpacked at once."""
_PORTS = {"http": 80, "https": 443}
_NOT_SENT = "the request can't be sent"


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """A kept-alive connection to one host. Used by one thread at a time."""

    def __init__(self, *, clock: Clock, timeout: float, max_bytes: int, ca_file: str | None = None) -> None:
        """`timeout` is in seconds, for a request as a whole; `max_bytes` counts after decompression.

        `ca_file` names who is trusted for https, in place of the machine's own authorities.
        """
        self._clock = clock
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._ca_file = ca_file
        self._deadline = _Deadline(clock)
        self._connection: _Connection | None = None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        until: float | None = None,
    ) -> Response:
        """Send one request and read its whole answer, whatever its status; SourceError says why not.

        The request has to be one that may be sent twice, as every read may. `until` is the deadline on the
        clock where several requests share one; else the time-out counts.
        """
        self._deadline.at = self._clock.now() + self._timeout if until is None else until
        server, message = _server(url), _message(method, url, headers or {}, body)
        try:
            return self._exchange(server, method, message)
        except TimeoutError as error:
            raise NoConnectionError(f"no answer within {self._timeout:g} s") from error
        except (OSError, HTTPException) as error:
            raise NoConnectionError(f"the answer broke off: {_broken(error)}") from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, server: "_Server", method: str, message: bytes) -> Response:
        """Send and receive; once more if a kept connection breaks, as its server may just have closed it."""
        kept = self._connection
        if kept is not None and kept.server == server and kept.is_quiet:
            try:
                return self._answer(kept, method, message)
            except TimeoutError:
                raise
            except (OSError, HTTPException):
                pass
        self.close()
        self._connection = _Connection(server, self._deadline, self._ca_file)
        return self._answer(self._connection, method, message)

    def _answer(self, connection: "_Connection", method: str, message: bytes) -> Response:
        """The whole answer to `message`; the connection is kept where another may follow."""
        is_kept = False
        try:
            answer = connection.ask(method, message)
            heads = {name.lower(): value for name, value in answer.getheaders()}
            body = self._body(answer, heads.get("content-encoding", ""))
            is_kept = not answer.will_close
            return Response(answer.status, heads, body)
        finally:
            if not is_kept:
                self.close()

    def _body(self, answer: HTTPResponse, encoding: str) -> bytes:
        limit = self._max_bytes + 1
        if encoding.lower() in ("gzip", "x-gzip"):
            body = _gunzip(iter(functools.partial(answer.read, _PIECE), b""), limit)
        else:
            body = answer.read(limit)
        if len(body) == limit:
            raise SourceError(f"body larger than {self._max_bytes / MEBIBYTE:g} MB")
        if answer.length:
            raise IncompleteRead(b"", answer.length)
        return body


@functools.cache
def trusted(ca_file: str | None = None) -> ssl.SSLContext:
    """The one TLS context of this process, or the one that trusts the authorities in `ca_file` only.

    Building it reads the machine's authorities, which takes 20 ms. SourceError if the file can't be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise SourceError(f"can't use the certificates in {ca_file}: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class _Server:
    host: str
    port: int
    is_secure: bool


def _server(url: str) -> _Server:
    if not url.isascii():
        raise SourceError("can't connect: its address may only hold ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise SourceError(_NOT_SENT) from None
    if not parts.hostname:
        raise SourceError(_NOT_SENT)
    return _Server(parts.hostname, port, parts.scheme == "https")


def _message(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The request as it is sent; SourceError, without the words that may be secret, where it can't be."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{parts.query and '?'}{parts.query}"
    host = parts.netloc.rpartition("@")[2]
    sent = {"Host": host, "Accept-Encoding": "gzip", **headers}
    if body is not None:
        sent["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    if " " in target or not all(line.isascii() and line.isprintable() for line in lines):
        raise SourceError(_NOT_SENT)
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def _gunzip(pieces: Iterable[bytes], limit: int) -> bytes:
    """Unpack piece by piece, and no more than `limit` bytes: a small body can hold a huge one."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    body = bytearray()
    try:
        for piece in pieces:
            body += unpacker.decompress(piece, limit - len(body))
            if len(body) == limit:
                return bytes(body)
    except zlib.error as error:
        raise SourceError("the body is not valid gzip") from error
    if not unpacker.eof:
        raise SourceError("the answer broke off: its gzip data has no end")
    return bytes(body)


def _broken(error: OSError | HTTPException) -> str:
    match error:
        case RemoteDisconnected():
            return "the server hung up"
        case BadStatusLine() | UnknownProtocol():
            return "it is not HTTP"
        case IncompleteRead():
            return "its body has no end"
        case OSError():
            return error.strerror or str(error)
        case _:
            return str(error)


class _Deadline:
    """The instant at which the request under way has to be over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.at = 0.0

    def left(self) -> float:
        """Seconds until then."""
        left = self.at - self._clock.now()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class _Connection:
    """A connection whose every step ends at the deadline."""

    def __init__(self, server: _Server, deadline: _Deadline, ca_file: str | None) -> None:
        """Connect. TimeoutError, or SourceError that says why there is no connection."""
        self.server = server
        self._deadline = deadline
        context = trusted(ca_file) if server.is_secure else None
        try:
            address = _sought(server.host), server.port
            self._socket = socket.create_connection(address, deadline.left())  # type: ignore[arg-type]
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                self._secure(context)
        except TimeoutError:
            raise
        except OSError as error:
            raise NoConnectionError(_connecting(error)) from error
        except UnicodeError:  # what Python's resolver says of a label that is empty or too long
            raise NoConnectionError("can't connect: its host is not a name that can be looked up") from None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer: not its end, and not what nobody has asked for."""
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return not waiting.poll(0)

    def ask(self, method: str, message: bytes) -> HTTPResponse:
        """Send `message`; its answer, of which the headers have been read."""
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(message)
        answer = HTTPResponse(self, method=method)  # type: ignore[arg-type]  # all it asks for is makefile
        answer.begin()
        return answer

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Received(self._socket, self._deadline))

    def close(self) -> None:
        self._socket.close()

    def _secure(self, context: ssl.SSLContext) -> None:
        try:
            self._socket.settimeout(self._deadline.left())
            self._socket = context.wrap_socket(self._socket, server_hostname=self.server.host)
        except OSError:
            self._socket.close()
            raise


class _Received(io.RawIOBase):
    """What comes from a socket until the deadline."""

    def __init__(self, socket: socket.socket, deadline: _Deadline) -> None:
        self._socket = socket
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


def _sought(host: str) -> str | bytes:
    """`host` for the resolver: of an address its bytes, which need none of the rules for names read first."""
    return host.encode() if host.isascii() and host.replace(".", "").isdecimal() else host


def _connecting(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return f"can't connect: {error.strerror or error}"
