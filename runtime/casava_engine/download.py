"""Fetch a model's file over TLS into the cache: resumed where it broke off, named by its checksum, all or nothing."""

import errno
import hashlib
import http.client
import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from casava_engine import addresses
from casava_engine.digest import CHUNK
from casava_engine.problems import ModelProblem
from casava_wire.reasons import EngineReason

TIMEOUT_SECONDS: Final = 30.0  # to connect, and without a byte
MAX_REDIRECTS: Final = 5
MAX_BYTES: Final = 2 << 40
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Trust:
    """Whom to connect to: the certificates and the addresses that are accepted."""

    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    address: Callable[[str], bool] = addresses.allowed


def download(url: str, sha256: str, cache: Path, progress: Progress, trust: Trust | None = None) -> Path:
    """The path of the whole and verified file. ``progress`` gets bytes done and, where known, in all.

    Raise ModelProblem. What was loaded before a connection broke is kept and gone on from, at once as long as each
    attempt gets further, else when the caller tries again.
    """
    target, part = cache / f"{sha256}.gguf", cache / f"{sha256}.part"
    if target.is_file():
        return target
    transfer = _Transfer(url, part, progress, trust or Trust())
    while not transfer.attempt():
        pass
    if transfer.digest.hexdigest() != sha256:
        part.unlink()
        raise _problem(
            EngineReason.CHECKSUM_MISMATCH,
            f"{_shown(url)} has SHA-256 {transfer.digest.hexdigest()}, but model.source.sha256 says {sha256}. "
            "Correct the checksum or the URL.",
        )
    part.replace(target)
    return target


class _Transfer:
    """One file on its way into ``part``, over as many connections as it takes."""

    def __init__(self, url: str, part: Path, progress: Progress, trust: Trust) -> None:
        self._url = url
        self._part = part
        self._progress = progress
        self._trust = trust
        self.digest = hashlib.sha256()
        self._done = 0
        self._hash_what_is_there()

    def _hash_what_is_there(self) -> None:
        with suppress(FileNotFoundError), self._part.open("rb") as file:
            while chunk := file.read(CHUNK):
                self.digest.update(chunk)
                self._done += len(chunk)

    def attempt(self) -> bool:
        """Load on. True: the file is complete; False: the connection broke, but the attempt got further."""
        before = self._done
        try:
            with _open(self._url, self._done, self._trust) as response:
                return self._receive(response)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise _out_of_space(self._part.parent, f"after {self._done} bytes") from None
            if self._done > before:
                return False
            raise _problem(
                EngineReason.DOWNLOAD_FAILED,
                f"{_shown(self._url)} cannot be downloaded: {_why(error)}. It is tried again.",
            ) from None

    def _receive(self, response: http.client.HTTPResponse) -> bool:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and self._done:
            # Nothing lies beyond what is there: it is complete, or it is not this file. The checksum tells.
            return True
        total = self._begin(response)
        with self._part.open("ab") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                self.digest.update(chunk)
                self._done += len(chunk)
                if self._done > MAX_BYTES:
                    raise _problem(
                        EngineReason.DOWNLOAD_FAILED, f"{_shown(self._url)} is larger than {MAX_BYTES} bytes."
                    )
                self._progress(self._done, total)
        if total is not None and self._done < total:
            raise http.client.IncompleteRead(b"", total - self._done)
        return True

    def _begin(self, response: http.client.HTTPResponse) -> int | None:
        """Check the answer against what is there already; give the size of the whole file."""
        if response.status == HTTPStatus.OK:
            self._restart()
        elif response.status != HTTPStatus.PARTIAL_CONTENT or not _continues(response, self._done):
            raise _problem(
                EngineReason.DOWNLOAD_FAILED,
                f"{_shown(self._url)} answered {response.status}. Correct the URL; it is tried again.",
            )
        length = response.headers.get("Content-Length", "")
        if not length.isdigit():
            return None
        free = shutil.disk_usage(self._part.parent).free
        if int(length) > free:
            raise _out_of_space(self._part.parent, f"{length} bytes are to come, {free} are free")
        return self._done + int(length)

    def _restart(self) -> None:
        self._part.unlink(missing_ok=True)
        self.digest, self._done = hashlib.sha256(), 0


@contextmanager
def _open(url: str, offset: int, trust: Trust) -> Iterator[http.client.HTTPResponse]:
    """Follow redirects, over TLS alone, to an answer that is none."""
    for _ in range(MAX_REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise _problem(EngineReason.DOWNLOAD_FAILED, f"a redirect leads to {_shown(url)}; only https is followed.")
        with closing(_Connection(parts, trust)) as connection:
            headers = {"User-Agent": "casava-engine", "Accept-Encoding": "identity"}
            if offset:
                headers["Range"] = f"bytes={offset}-"
            connection.request("GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", headers=headers)
            with connection.getresponse() as response:
                if response.status not in _REDIRECTS:
                    yield response
                    return
                url = urljoin(url, response.headers.get("Location", ""))
    raise _problem(EngineReason.DOWNLOAD_FAILED, f"more than {MAX_REDIRECTS} redirects.")


class _Connection(http.client.HTTPSConnection):
    """Connects to the very address that was checked: a name looked up twice may give two answers."""

    def __init__(self, parts: SplitResult, trust: Trust) -> None:
        super().__init__(parts.hostname or "", parts.port or 443, timeout=TIMEOUT_SECONDS, context=trust.tls)
        self._trust = trust

    def connect(self) -> None:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        usable = [str(entry[4][0]) for entry in found if self._trust.address(str(entry[4][0]))]
        if not usable:
            raise OSError(f"{self.host} has no address that a download may use")
        plain = socket.create_connection((usable[0], self.port), self.timeout)
        try:
            self.sock = self._trust.tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _continues(response: http.client.HTTPResponse, offset: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _shown(url: str) -> str:
    """The URL without its query, which may hold a signature that opens the file."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _why(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_SECONDS:g} s"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection broke"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    return str(error) or type(error).__name__


def _out_of_space(folder: Path, detail: str) -> ModelProblem:
    return _problem(
        EngineReason.OUT_OF_SPACE, f"There is no room for the model in {folder}: {detail}. Give the volume more room."
    )


def _problem(reason: EngineReason, message: str) -> ModelProblem:
    return ModelProblem(reason, message)
