"""Whether one schema takes all that another takes, where jsonschema-rs can say so in bounded work."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from casava_contract.json_contract import JsonContract
from casava_contract.schema import formats, graph, satisfiability
from casava_contract.schema.graph import Graph
from casava_contract.source import jsontext
from casava_contract.source.jsontext import JsonValue
from casava_contract.source.reading import Source


class _Size(NamedTuple):
    """``choices``: what the alternatives of both multiply out to. ``members``: properties of one object."""

    choices: int
    members: int
    parts: int


# Measured, the worst families found just inside: covers() takes up to 0.7 s, subtract() 0.2 s. Beyond: 128 choices on
# both sides take 17 s; 200 members take 2 s to compare, and 60 take 8 s to subtract.
_COMPARED: Final = _Size(choices=512, members=60, parts=500)
_SUBTRACTED: Final = _Size(choices=128, members=20, parts=200)


class Contained(NamedTuple):
    """``answer``: yes, no or unknown."""

    answer: str
    reason: str


def covers(wider: JsonContract, narrower: JsonContract) -> Contained:
    """Whether every document of ``narrower`` is one of ``wider``."""
    if _meaning(wider) == _meaning(narrower):
        return Contained("yes", "the same schema")
    apart = _incomparable(wider, narrower, _COMPARED)
    if apart:
        return Contained("unknown", apart)
    assert wider.canonical is not None  # noqa: S101 - asked above
    assert narrower.canonical is not None  # noqa: S101
    try:
        answer = str(wider.canonical.covers(narrower.canonical))
    except Exception:  # noqa: BLE001 - experimental, and no answer is the same as unknown
        return Contained("unknown", "jsonschema-rs does not compare them")
    if answer == "yes":
        return Contained(answer, "proven on the schemas' normal forms")
    return Contained(answer, "the schemas' normal forms differ" if answer == "no" else "not decidable on normal forms")


def difference(given: JsonContract, taker: JsonContract) -> Graph | None:
    """The schema of what the one takes and the other refuses; None where it is not found in bounded work."""
    if _incomparable(given, taker, _SUBTRACTED) or given.canonical is None or taker.canonical is None:
        return None
    try:
        left = given.canonical.subtract(taker.canonical).to_json_schema()
        return graph.build(Source("", left, {}), given.draft, given.limits)
    except Exception:  # noqa: BLE001 - experimental; a difference that cannot be read shows no example
        return None


def _meaning(contract: JsonContract) -> tuple[str, ...]:
    built = contract.graph
    resources = (f"{uri} {jsontext.dump(value)}" for uri, value in sorted(built.resources.items()))
    return built.draft, jsontext.dump(built.root.value), *resources


def _incomparable(one: JsonContract, other: JsonContract, most: _Size) -> str:
    """Why the two are not compared; "" where they are."""
    if one.draft != other.draft:
        return f"drafts {one.draft} and {other.draft} are not compared"
    if one.canonical is None or other.canonical is None:
        return "a schema is too entangled for a normal form"
    if satisfiability.choices(one.graph) * satisfiability.choices(other.graph) > most.choices:
        return f"the alternatives multiply out to more than {most.choices}"
    if max(len(one.graph.nodes), len(other.graph.nodes)) > most.parts:
        return f"a schema has more than {most.parts} parts"
    if max(_widest(one.graph), _widest(other.graph)) > most.members:
        return f"an object has more than {most.members} properties"
    if _loose_text(one.graph, other.graph):
        return "a constant that jsonschema-rs takes for a date or a time and Casava does not"
    return ""


def _widest(built: Graph) -> int:
    return max(sum(edge.keyword == "properties" for edge in node.edges) for node in built.nodes.values())


def _loose_text(one: Graph, other: Graph) -> bool:
    """Whether a constant could be of a format to jsonschema-rs alone: to its normal forms it would be.

    Casava is stricter there (formats.py).
    """
    nodes = [*one.nodes.values(), *other.nodes.values()]
    forms = {str(node.keywords.get("format")) for node in nodes} & _STRICTER
    if not forms:
        return False
    return any(_SUSPECT.fullmatch(text) and not _of_shape(text) for node in nodes for text in _texts(node.value))


_STRICTER: Final = frozenset({"date", "time", "date-time"})
_SUSPECT: Final = re.compile(r"[0-9*+,\-./: TtZz]{8,64}")
_SHAPES: Final = [re.compile(formats.SHAPES[form], re.ASCII) for form in sorted(_STRICTER)]


def _of_shape(text: str) -> bool:
    return any(shape.fullmatch(text) for shape in _SHAPES)


def _texts(value: JsonValue) -> Iterator[str]:
    pending: list[JsonValue] = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend((*one, *one.values()))
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str):
            yield one
