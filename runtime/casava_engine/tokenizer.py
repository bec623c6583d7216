"""What the engine's tokenizer does, asked of llama.cpp itself: the file's metadata leaves it open for some models."""

import http.client
import json
import socket
from pathlib import Path
from typing import Final

_SECONDS: Final = 10.0
_READ_LIMIT: Final = 64 * 1024


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("llama", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))


def adds_bos(llama_socket: Path) -> bool:
    """Whether a token is put in front of every prompt. Raise OSError when llama.cpp does not answer."""
    bare, special = (_tokens(llama_socket, add_special=flag) for flag in (False, True))
    return special[:1] != bare[:1]


def _tokens(llama_socket: Path, *, add_special: bool) -> list[int]:
    connection = _UnixConnection(llama_socket)
    try:
        body = json.dumps({"content": "a", "add_special": add_special})
        connection.request("POST", "/tokenize", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read(_READ_LIMIT))
        return [int(token) for token in answer["tokens"]]
    except (http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise OSError(f"llama.cpp did not tokenize: {type(error).__name__}") from None
    finally:
        connection.close()
