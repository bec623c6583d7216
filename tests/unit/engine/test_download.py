"""Downloads from a real TLS server on loopback that breaks connections, lies and redirects."""

import hashlib
import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from casava_engine.download import Trust, download
from casava_engine.problems import ModelProblem
from casava_wire.reasons import EngineReason

CONTENT = bytes(range(256)) * 40_000  # 10 MB: several reads
SHA = hashlib.sha256(CONTENT).hexdigest()

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """What it answers is set by each test; what it was asked is kept."""

    url: str
    trust: Trust
    answer: Answer | None = None  # a static file server's, unless a test says otherwise
    ranges: list[str | None] = field(default_factory=list)


def serve(handler: http.server.BaseHTTPRequestHandler, *, cut: int | None = None, ranges: bool = True) -> None:
    """Answer as a static file server does. ``cut``: break the connection after so many bytes."""
    begin = handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-")
    start = int(begin) if ranges else 0
    if start >= len(CONTENT):
        handler.send_error(416)
        return
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Length", str(len(CONTENT) - start))
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
    handler.end_headers()
    handler.wfile.write(CONTENT[start : None if cut is None else start + cut])


def redirect(location: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost, with its key, in one PEM file."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"),
            *("-keyout", str(path.with_suffix(".key")), "-out", str(path)),
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + path.with_suffix(".key").read_text())
    return path


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    running: Server

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.ranges.append(self.headers.get("Range"))
            (running.answer or serve)(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Listening(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what some tests are about."""

    with Listening(("127.0.0.1", 0), Handler) as listening:
        # The handshake happens in the handler's thread, which closes the connection when it fails.
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
        trust = Trust(ssl.create_default_context(cafile=str(certificate)), lambda address: address == "127.0.0.1")
        running = Server(f"https://localhost:{listening.server_port}/model.gguf?signature=abc", trust)
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        yield running
        listening.shutdown()
        thread.join()


def fetch(server: Server, cache: Path, sha256: str = SHA) -> Path:
    return download(server.url, sha256, cache, lambda _done, _total: None, server.trust)


def problem(server: Server, cache: Path, sha256: str = SHA) -> ModelProblem:
    with pytest.raises(ModelProblem) as raised:
        fetch(server, cache, sha256)
    assert "signature" not in raised.value.message
    return raised.value


def test_a_file_arrives_whole_under_its_checksum_and_is_not_loaded_twice(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = download(server.url, SHA, tmp_path, lambda done, total: seen.append((done, total)), server.trust)
    assert path.read_bytes() == CONTENT
    assert path.name == f"{SHA}.gguf"
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(server, tmp_path) == path
    assert len(server.ranges) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_connection_that_breaks_is_gone_on_from_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.answer = lambda handler: serve(handler, cut=4_000_000)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=4000000-", "bytes=8000000-"]


def test_a_part_of_a_former_process_is_gone_on_from(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(CONTENT[:5_000_000])
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=5000000-"]


def test_a_whole_part_needs_nothing_but_its_checksum(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(CONTENT)
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(b"something else")
    server.answer = lambda handler: serve(handler, ranges=False)
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_wrong_checksum_is_never_kept(server: Server, tmp_path: Path) -> None:
    found = problem(server, tmp_path, "00" * 32)
    assert found.reason is EngineReason.CHECKSUM_MISMATCH
    assert SHA in found.message
    assert not list(tmp_path.iterdir())


def test_a_part_of_another_file_is_found_by_the_checksum_and_loaded_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(b"x" * 1000)
    assert problem(server, tmp_path).reason is EngineReason.CHECKSUM_MISMATCH
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_status_that_is_no_file_is_said(server: Server, tmp_path: Path) -> None:
    server.answer = lambda handler: handler.send_error(404)
    found = problem(server, tmp_path)
    assert found.reason is EngineReason.DOWNLOAD_FAILED
    assert "answered 404" in found.message


def test_a_redirect_is_followed_over_tls(server: Server, tmp_path: Path) -> None:
    answers: Iterator[Answer] = iter([redirect("/elsewhere"), serve])

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        next(answers)(handler)

    server.answer = answer
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_redirect_to_plain_http_is_not_followed(server: Server, tmp_path: Path) -> None:
    server.answer = redirect("http://localhost/model.gguf")
    assert "only https is followed" in problem(server, tmp_path).message


def test_redirects_without_end_are_given_up(server: Server, tmp_path: Path) -> None:
    server.answer = redirect("/again")
    assert "more than 5 redirects" in problem(server, tmp_path).message
    assert len(server.ranges) == 6


def test_an_untrusted_certificate_is_refused(server: Server, tmp_path: Path) -> None:
    server.trust = Trust(address=server.trust.address)
    assert "certificate is not trusted" in problem(server, tmp_path).message
    assert not server.ranges


def test_this_machine_is_not_downloaded_from(server: Server, tmp_path: Path) -> None:
    server.trust = Trust(server.trust.tls)
    assert "has no address that a download may use" in problem(server, tmp_path).message
    assert not server.ranges


def test_a_file_that_has_no_room_is_not_begun(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    found = problem(server, tmp_path)
    assert found.reason is EngineReason.OUT_OF_SPACE
    assert "1000 are free" in found.message
