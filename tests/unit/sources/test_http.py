"""TLS and names: what the console trusts, and what it says when it doesn't."""

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer

from console.domain.clock import SystemClock
from console.sources.errors import SourceError
from console.sources.http import HttpClient, trusted


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for loopback that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "engine")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "engine.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server(certificate: Path) -> HTTPServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    running = HTTPServer(host="127.0.0.1", ssl_context=context)
    running.expect_request("/").respond_with_data("up 1\n")
    return running


def client(ca_file: str | None = None) -> HttpClient:
    return HttpClient(clock=SystemClock(), timeout=2, max_bytes=1000, ca_file=ca_file)


def test_a_named_authority_is_trusted(server: HTTPServer, certificate: Path) -> None:
    with server:
        assert client(str(certificate)).request("GET", server.url_for("/")).body == b"up 1\n"


def test_an_unknown_authority_is_not_trusted(server: HTTPServer) -> None:
    with server, pytest.raises(SourceError, match="its certificate is not trusted: self-signed certificate"):
        client().request("GET", server.url_for("/"))


def test_a_context_is_built_once(certificate: Path) -> None:
    assert trusted(str(certificate)) is trusted(str(certificate))


def test_a_file_of_authorities_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"can't use the certificates in .*none\.pem: No such file"):
        trusted(str(tmp_path / "none.pem"))


def test_plain_http_builds_no_context(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", None)
    httpserver.expect_request("/").respond_with_data("up 1\n")
    assert client().request("GET", httpserver.url_for("/")).status == 200


def test_a_scheme_that_is_not_http_is_refused() -> None:
    with pytest.raises(SourceError, match="the request can't be sent"):
        client().request("GET", "ftp://127.0.0.1/")


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "ü.example"])
def test_a_host_that_is_no_name_is_one_sentence(host: str) -> None:
    with pytest.raises(SourceError, match=r"^can't connect: "):
        client().request("GET", f"http://{host}/")


@pytest.mark.parametrize(("host", "given"), [("127.0.0.1", b"127.0.0.1"), ("localhost", "localhost")])
def test_of_an_address_no_rules_for_names_are_read(
    host: str, given: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, hosts = socket.getaddrinfo, list[object]()

    def noted(host: str, port: int, *more: int) -> object:
        hosts.append(host)
        return look_up(host, port, *more)

    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request("/").respond_with_data("up 1\n")
        monkeypatch.setattr(socket, "getaddrinfo", noted)
        assert client().request("GET", f"http://{host}:{server.port}/").body == b"up 1\n"
    assert hosts[0] == given


@pytest.mark.parametrize("secret", ["a\r\nX: b", "pässword", "a\0"])
def test_a_header_that_may_not_be_sent_is_not_quoted(secret: str) -> None:
    with pytest.raises(SourceError, match=r"^the request can't be sent$"):
        client().request("GET", "http://127.0.0.1:1/", {"Authorization": secret})


def test_a_path_with_a_blank_is_refused() -> None:
    with pytest.raises(SourceError, match="the request can't be sent"):
        client().request("GET", "http://127.0.0.1:1/metrics HTTP/1.1")


def test_another_host_is_asked_over_a_connection_of_its_own(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("one")
    with HTTPServer(host="127.0.0.1") as other:
        other.expect_request("/").respond_with_data("other")
        asking = client()
        assert asking.request("GET", httpserver.url_for("/")).body == b"one"
        assert asking.request("GET", other.url_for("/")).body == b"other"
