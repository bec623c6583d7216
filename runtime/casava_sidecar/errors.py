"""The one error that a client sees: a status, a sentence, the parameter at fault. In OpenAI's shape."""

from collections.abc import Mapping
from typing import Any, Final

from casava_wire import http as names

INVALID_REQUEST: Final = "invalid_request_error"
RATE_LIMIT: Final = "rate_limit_error"
SERVER_ERROR: Final = "server_error"
CONTRACT_VIOLATION: Final = "contract_violation"

# A repeat would pay for another generation with the same outcome, and OpenAI's clients repeat every 5xx unless told.
_NEVER_REPEATED: Final = frozenset({502, 504})


class ApiError(Exception):
    """An answer that is not a completion. ``message`` is for a person: what is wrong and how to put it right.

    ``param`` is the path of the request's member at fault, as in ``messages[0].content``; ``details`` go into the
    member ``casava`` of the error. None of them may hold a prompt or an answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = INVALID_REQUEST,
        param: str | None = None,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
        self.details = details
        self.headers = dict(headers or {})
        if status in _NEVER_REPEATED:
            self.headers[names.SHOULD_RETRY] = "false"

    def body(self) -> dict[str, Any]:
        """The JSON object ``{"error": {...}}``."""
        error: dict[str, Any] = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        if self.details is not None:
            error[names.STREAM_MEMBER] = dict(self.details)
        return {"error": error}


def bad_request(message: str, param: str | None, code: str = "invalid_value") -> ApiError:
    return ApiError(400, message, param=param, code=code)


def unavailable(message: str, code: str, *, retry_after: int = 1) -> ApiError:
    """503: there is no answer and no fault in the request, so a repeat, here or on another replica, is right."""
    return ApiError(503, message, kind=SERVER_ERROR, code=code, headers={"Retry-After": str(retry_after)})


def too_busy(retry_after: int) -> ApiError:
    """429: as many requests run and wait as may."""
    message = f"The model is busy and its queue is full. Try again in {retry_after} s."
    return ApiError(429, message, kind=RATE_LIMIT, code="queue_full", headers={"Retry-After": str(retry_after)})


def no_room(retry_after: int) -> ApiError:
    """429: the bodies of the requests that are here take all the memory that they may."""
    message = f"Requests with large bodies fill this replica. Try again in {retry_after} s."
    return ApiError(429, message, kind=RATE_LIMIT, code="bodies_full", headers={"Retry-After": str(retry_after)})


def contracts_full(retry_after: int) -> ApiError:
    """429: the contracts that requests brought take all the memory that they may."""
    message = f"Contracts of other requests fill this replica. Try again in {retry_after} s."
    return ApiError(429, message, kind=RATE_LIMIT, code="contracts_full", headers={"Retry-After": str(retry_after)})


def timed_out(seconds: float) -> ApiError:
    """504: the request's time, counted from its arrival, is over."""
    message = f"The request took longer than the {seconds:g} s that this model allows. Ask for fewer tokens."
    return ApiError(504, message, kind=SERVER_ERROR, code="timeout")
