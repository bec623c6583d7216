"""How much work a schema can make, measured before it is used: loops and exponential references."""

from casava_contract.errors import ErrorCode
from casava_contract.limits import Limits
from casava_contract.schema.components import Components, targets
from casava_contract.schema.dialect import Applies
from casava_contract.schema.graph import Graph, Subschema
from casava_contract.source.reading import Source


def check(source: Source, graph: Graph, limits: Limits) -> None:
    """Raises ContractError for a reference loop over one value and for exponential expansion."""
    for component in Components(graph, lambda node: targets(node, Applies.SAME)):
        if _loops(graph, component):
            message = (
                "leads back to itself for the same value and so means nothing: let it pass through properties or items"
            )
            raise source.error(ErrorCode.REFERENCE_LOOP, message, component[0])
    if expansion(graph, limits.schema_expansion) > limits.schema_expansion:
        message = (
            f"references and combinations expand to more than {limits.schema_expansion} subschemas: "
            "refer to each definition from fewer places"
        )
        raise source.error(ErrorCode.LIMIT_EXPANSION, message)


def expansion(graph: Graph, bound: int) -> int:
    """Subschemas met when every reference is written out, recursion followed once; counted up to ``bound`` + 1."""
    sizes: dict[str, int] = {}
    for component in Components(graph, applied):
        inside = set(component)
        size = sum(1 + sum(sizes[t] for t in applied(graph.nodes[p]) if t not in inside) for p in component)
        for pointer in component:
            sizes[pointer] = min(size, bound + 1)
    return sizes[""]


def leaks(graph: Graph, sources: set[str]) -> set[str]:
    """The sources and every subschema that leads to one."""
    found: set[str] = set()
    for component in Components(graph, applied):
        if any(p in sources or not found.isdisjoint(applied(graph.nodes[p])) for p in component):
            found.update(component)
    return found


def reach(graph: Graph, starts: list[str]) -> set[str]:
    """The starts and every subschema that they lead to."""
    found: set[str] = set()
    pending = list(starts)
    while pending:
        pointer = pending.pop()
        if pointer not in found:
            found.add(pointer)
            pending.extend(applied(graph.nodes[pointer]))
    return found


def applied(node: Subschema) -> list[str]:
    return targets(node, Applies.SAME, Applies.PART)


def _loops(graph: Graph, component: list[str]) -> bool:
    return len(component) > 1 or component[0] in targets(graph.nodes[component[0]], Applies.SAME)
