"""Prompts whose pattern the model goes on with: how its real answers come to break a contract as a test needs it."""

from typing import Any

import openai

NUMBERS = ("one", "two", "three", "four")


def asked(pattern: str, **members: Any) -> dict[str, Any]:
    """A completion that goes on with the fourth of three examples. ``pattern`` has the number as ``%d``."""
    shots = "".join(f"Q: {word}\nA: {pattern.replace('%d', str(n))}\n" for n, word in enumerate(NUMBERS[:3], 1))
    return {
        "model": "demo",
        "prompt": f"{shots}Q: {NUMBERS[3]}\nA:",
        "temperature": 0,
        "seed": 1,
        "max_tokens": 60,
        "stop": ["\nQ", "\nA"],
        **members,
    }


def under(schema: dict[str, Any], **casava: Any) -> dict[str, Any]:
    """A contract that comes with the request, and how it is enforced."""
    contract = {"type": "json_schema", "json_schema": {"name": "mine", "schema": schema}}
    return {"extra_body": {"response_format": contract} | ({"casava": casava} if casava else {})}


def texts(stream: "openai.Stream[Any]", seen: list[Any]) -> str:
    """The text of a stream of completions, read as any client reads it; its chunks are added to ``seen``."""
    text = ""
    for chunk in stream:
        seen.append(chunk)
        text += chunk.choices[0].text
    return text
