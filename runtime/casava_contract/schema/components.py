"""The order in which a graph with cycles can be measured: what a node leads to comes before it."""

from collections.abc import Callable, Iterable, Iterator

from casava_contract.schema.dialect import Applies
from casava_contract.schema.graph import Graph, Subschema


def targets(node: Subschema, *kinds: Applies) -> list[str]:
    return [edge.target for edge in node.edges if edge.applies in kinds]


class Components:
    """Strongly connected components, each after those that it leads to: Tarjan's algorithm, without recursion."""

    def __init__(self, graph: Graph, below: Callable[[Subschema], Iterable[str]]) -> None:
        """``below`` names the nodes that a node leads to."""
        self._graph = graph
        self._below = below
        self._index: dict[str, int] = {}
        self._low: dict[str, int] = {}
        self._place: dict[str, int] = {}  # on the stack of nodes whose component is not known yet
        self._stack: list[str] = []
        self._work: list[tuple[str, Iterator[str]]] = []

    def __iter__(self) -> Iterator[list[str]]:
        for start in self._graph.nodes:
            if start not in self._index:
                self._enter(start)
                yield from self._drain()

    def _enter(self, node: str) -> None:
        self._index[node] = self._low[node] = len(self._index)
        self._place[node] = len(self._stack)
        self._stack.append(node)
        self._work.append((node, iter(self._below(self._graph.nodes[node]))))

    def _drain(self) -> Iterator[list[str]]:
        while self._work:
            node, targets = self._work[-1]
            target = next(targets, None)
            if target is None:
                self._work.pop()
                if self._work:
                    self._lower(self._work[-1][0], self._low[node])
                if self._low[node] == self._index[node]:
                    yield self._cut(node)
            elif target not in self._index:
                self._enter(target)
            elif target in self._place:
                self._lower(node, self._index[target])

    def _lower(self, node: str, to: int) -> None:
        self._low[node] = min(self._low[node], to)

    def _cut(self, node: str) -> list[str]:
        place = self._place[node]
        component = self._stack[place:]
        del self._stack[place:]
        for member in component:
            del self._place[member]
        return component
