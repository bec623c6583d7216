"""From Triton's input tensors to one generation, with every value checked. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from casava_engine.triton_model import guide
from casava_wire import tensors as t

MAX_PROMPT_BYTES: Final = 1 << 24
MAX_STOP_WORDS: Final = 16
MAX_STOP_BYTES: Final = 1024
MAX_INT32: Final = 2**31 - 1
# llama.cpp takes the largest 32-bit value for "choose a seed yourself".
SEEDS: Final = 2**32 - 1


class RequestRefused(ValueError):  # noqa: N818 - an answer to the client
    """The request is the client's mistake. The message names the tensor and holds no prompt."""


@dataclass(frozen=True)
class Generation:
    """What one request asks for. ``max_tokens`` None: the rest of the context. ``seed`` None: a new one each time."""

    prompt: str
    streaming: bool
    max_tokens: int | None
    temperature: float
    top_p: float
    top_k: int
    frequency_penalty: float
    presence_penalty: float
    seed: int | None
    stop: tuple[str, ...]
    grammar: str | None
    echo: bool
    finish_reason: bool
    stop_reason: bool
    input_tokens: bool
    output_tokens: bool


def parse(arrays: Mapping[str, Any]) -> Generation:
    """``arrays``: tensor name -> numpy array, with bytes in the string tensors. Raise RequestRefused."""
    prompt = _prompt(arrays.get(t.TEXT_INPUT))
    return Generation(
        prompt=prompt,
        streaming=_flag(arrays, t.STREAMING, default=False),
        max_tokens=_integer(arrays, t.MAX_TOKENS, low=1, high=MAX_INT32),
        temperature=_number(arrays, t.TEMPERATURE, low=0.0, high=100.0, default=1.0),
        top_p=_number(arrays, t.TOP_P, low=0.0, high=1.0, default=1.0),
        top_k=_integer(arrays, t.TOP_K, low=0, high=MAX_INT32) or 0,
        frequency_penalty=_number(arrays, t.FREQUENCY_PENALTY, low=-2.0, high=2.0, default=0.0),
        presence_penalty=_number(arrays, t.PRESENCE_PENALTY, low=-2.0, high=2.0, default=0.0),
        seed=_seed(arrays.get(t.SEED)),
        stop=_stop(arrays.get(t.STOP)),
        grammar=_grammar(arrays),
        echo=not _flag(arrays, t.EXCLUDE_INPUT, default=True),
        finish_reason=_flag(arrays, t.RETURN_FINISH_REASON, default=False),
        stop_reason=_flag(arrays, t.RETURN_STOP_REASON, default=False),
        input_tokens=_flag(arrays, t.RETURN_NUM_INPUT_TOKENS, default=False),
        output_tokens=_flag(arrays, t.RETURN_NUM_OUTPUT_TOKENS, default=False),
    )


def _prompt(array: Any) -> str:
    if array is None or array.size != 1:
        raise RequestRefused(f"{t.TEXT_INPUT} must hold exactly one prompt")
    raw = array.reshape(-1)[0]
    if not raw:
        raise RequestRefused(f"{t.TEXT_INPUT} is empty")
    if len(raw) > MAX_PROMPT_BYTES:
        raise RequestRefused(f"{t.TEXT_INPUT} is longer than {MAX_PROMPT_BYTES} bytes")
    return _text(raw, t.TEXT_INPUT)


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise RequestRefused(f"{name} is not UTF-8") from None


def _one(array: Any, name: str) -> Any:
    if array.size != 1:
        raise RequestRefused(f"{name} must hold exactly one value")
    return array.reshape(-1)[0]


def _flag(arrays: Mapping[str, Any], name: str, *, default: bool) -> bool:
    array = arrays.get(name)
    return default if array is None else bool(_one(array, name))


def _integer(arrays: Mapping[str, Any], name: str, *, low: int, high: int) -> int | None:
    array = arrays.get(name)
    if array is None:
        return None
    value = int(_one(array, name))
    if not low <= value <= high:
        raise RequestRefused(f"{name} must be at least {low}")
    return value


def _number(arrays: Mapping[str, Any], name: str, *, low: float, high: float, default: float) -> float:
    array = arrays.get(name)
    if array is None:
        return default
    value = float(_one(array, name))
    if not (math.isfinite(value) and low <= value <= high):
        raise RequestRefused(f"{name} must be between {low:g} and {high:g}")
    return value


def _seed(array: Any) -> int | None:
    return None if array is None else int(_one(array, t.SEED)) % SEEDS


def _stop(array: Any) -> tuple[str, ...]:
    if array is None:
        return ()
    words = [raw for raw in array.reshape(-1) if raw]
    if len(words) > MAX_STOP_WORDS or any(len(raw) > MAX_STOP_BYTES for raw in words):
        raise RequestRefused(f"{t.STOP}: at most {MAX_STOP_WORDS} words of at most {MAX_STOP_BYTES} bytes")
    return tuple(_text(raw, t.STOP) for raw in words)


def _grammar(arrays: Mapping[str, Any]) -> str | None:
    kind, text = (_text(_one(arrays[name], name), name) if name in arrays else "" for name in (t.GUIDE_TYPE, t.GUIDE))
    if not kind:
        if text:
            raise RequestRefused(f"{t.GUIDE} needs {t.GUIDE_TYPE}")
        return None
    try:
        return guide.grammar(kind, text)
    except guide.GuideRefused as error:
        raise RequestRefused(str(error)) from None
