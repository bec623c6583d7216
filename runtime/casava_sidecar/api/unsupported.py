"""Parameters that OpenAI knows and this server does not obey.

Ignoring one would be a lie, so each is refused by name, unless its value asks for just what happens anyway.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from casava_sidecar.errors import bad_request

_SHOWN: Final = 100  # characters of a name that a client made up

# Values that change nothing. ``null`` is one of them everywhere.
_COMMON: Final[Mapping[str, tuple[Any, ...]]] = {
    "n": (1,),
    "logit_bias": ({},),
    "user": (),
    "metadata": ({},),
    "store": (False,),
    "service_tier": ("auto", "default"),
    "safety_identifier": (),
    "prompt_cache_key": (),
    "prompt_cache_retention": (),
}
CHAT: Final[Mapping[str, tuple[Any, ...]]] = {
    **_COMMON,
    "functions": ([],),
    "function_call": ("none",),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "reasoning_effort": ("none",),
    "verbosity": (),
    "web_search_options": (),
    "moderation": (),
}
COMPLETION: Final[Mapping[str, tuple[Any, ...]]] = {
    **_COMMON,
    "best_of": (1,),
    "echo": (False,),
    "logprobs": (),
    "suffix": ("",),
}
# OpenAI's clients send an assistant's message back with every member that its answer had, and with what they made of
# it: None there stands for any value, since it says nothing that the message does not say.
MESSAGE: Final[Mapping[str, tuple[Any, ...] | None]] = {
    "name": (),
    "refusal": (),
    "audio": (),
    "annotations": ([],),
    "function_call": (),
    "tool_calls": ([],),
    "tool_call_id": (),
    "reasoning_content": (),
    "parsed": None,
}
TOOL_CALL: Final[Mapping[str, tuple[Any, ...] | None]] = {"index": None}
CALLED: Final[Mapping[str, tuple[Any, ...] | None]] = {"parsed_arguments": None}
STREAM_OPTIONS: Final[Mapping[str, tuple[Any, ...]]] = {"include_obfuscation": (False,)}


def without_unsupported(
    members: Mapping[str, Any], table: Mapping[str, tuple[Any, ...] | None], known: frozenset[str], where: str = ""
) -> dict[str, Any]:
    """``members`` without nulls and neutral values. ``where`` is the prefix of a parameter's path, as ``messages[0].``.

    Raises ApiError 400, which names the parameter: one that is not supported, or one that nobody knows.
    """
    kept: dict[str, Any] = {}
    for name, value in members.items():
        if name in known:
            if value is not None:
                kept[name] = value
        elif name not in table:
            raise bad_request(
                f"Unknown parameter: '{_shown(where + name)}'.", _shown(where + name), "unknown_parameter"
            )
        elif value is not None and not _neutral(value, table[name]):
            raise bad_request(
                f"Unsupported parameter: '{where}{name}'. This server does not obey it yet, and it never ignores one: "
                "leave it out.",
                where + name,
                "unsupported_parameter",
            )
    return kept


def _neutral(value: Any, neutral: tuple[Any, ...] | None) -> bool:
    if neutral is None:
        return True
    # As JSON text, because True == 1 in Python.
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    return any(text == orjson.dumps(one) for one in neutral)


def _shown(name: str) -> str:
    return name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
