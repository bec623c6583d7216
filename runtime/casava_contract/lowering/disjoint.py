"""Whether alternatives exclude each other for a reason that can be seen: then oneOf means anyOf."""

from casava_contract.schema.graph import Graph, Subschema

_EVERY = frozenset({"object", "array", "string", "number", "boolean", "null"})


def disjoint(graph: Graph, alternatives: list[Subschema]) -> bool:
    """By their types, or by the constants of a member that all require."""
    followed = [_followed(graph, node) for node in alternatives]
    kinds = [_types(node) for node in followed]
    if sum(map(len, kinds)) == len(frozenset().union(*kinds)) or _apart([_constants(node) for node in followed]):
        return True
    return any(_apart([_of_member(graph, node, name) for node in followed]) for name in _required(followed[0]))


def _followed(graph: Graph, node: Subschema) -> Subschema:
    """The subschema behind references that stand alone."""
    for _ in range(len(graph.nodes)):
        if node.keywords.keys() != {"$ref"}:
            break
        node = graph.nodes[node.edges[0].target]
    return node


def _types(node: Subschema) -> frozenset[str]:
    listed = node.keywords.get("type")
    if node.value is False:
        return frozenset()
    if listed is None:
        return _EVERY
    names = listed if isinstance(listed, list) else [listed]
    return frozenset("number" if name == "integer" else str(name) for name in names)


def _required(node: Subschema) -> list[str]:
    listed = node.keywords.get("required")
    return [str(name) for name in listed] if isinstance(listed, list) and _types(node) == {"object"} else []


def _of_member(graph: Graph, node: Subschema, name: str) -> set[str] | None:
    """The constants of a member that the alternative requires."""
    below = next((graph.nodes[e.target] for e in node.edges if e.keyword == "properties" and e.token == name), None)
    return _constants(below) if below is not None and name in _required(node) else None


def _constants(node: Subschema) -> set[str] | None:
    """The texts of its constants; None where there are others than strings, which can be spelled in two ways."""
    listed = [node.keywords["const"]] if "const" in node.keywords else node.keywords.get("enum")
    if not isinstance(listed, list) or not all(isinstance(constant, str) for constant in listed):
        return None
    return set(map(str, listed))


def _apart(constants: list[set[str] | None]) -> bool:
    seen: set[str] = set()
    for each in constants:
        if each is None or not seen.isdisjoint(each):
            return False
        seen |= each
    return True
