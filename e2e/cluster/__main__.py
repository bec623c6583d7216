"""`python -m e2e.cluster up|down|status|load IMAGE...`: a cluster by hand."""

import argparse
import sys
from collections.abc import Sequence

from e2e.cluster.proc import ClusterError, run
from e2e.cluster.providers import CHOICE, DEFAULT_NAME, Provider, provider
from e2e.cluster.tools import tool


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="python -m e2e.cluster", description=__doc__, epilog=f"{CHOICE} chooses the kind."
    )
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb, text in (
        ("up", "bring the cluster up; prints the path of its kubeconfig"),
        ("down", "remove it and everything of it"),
        ("status", "say what runs; ends with 1 when the cluster is not up"),
        ("load", "give images to its nodes"),
    ):
        command = verbs.add_parser(verb, help=text, description=text)
        command.add_argument("--name", default=DEFAULT_NAME, help=f"the cluster's name (default: {DEFAULT_NAME})")
        if verb == "up":
            command.add_argument("--nodes", type=int, default=1, help="how many nodes (default: 1)")
        if verb == "load":
            command.add_argument(
                "images", nargs="+", metavar="IMAGE", help="an archive, or a name buildah or docker knows"
            )
    return top


def status(chosen: Provider) -> int:
    """Print what is there; 0 when all of it runs."""
    running = chosen.running()
    print(f"cluster {chosen.name} ({chosen.kind}) is {'up' if running else 'not up'}")
    if not running:
        return 1
    kubectl = (tool("kubectl"), f"--kubeconfig={chosen.kubeconfig}")
    print(f"KUBECONFIG={chosen.kubeconfig}")
    print(run(*kubectl, "get", "nodes", "-o", "wide"), end="")
    print(run(*kubectl, "get", "pods", "--all-namespaces", "-o", "wide"), end="")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; errors are one sentence on stderr and 1."""
    asked = parser().parse_args(arguments)
    try:
        chosen = provider(asked.name)
        match asked.verb:
            case "up":
                chosen.up(asked.nodes)
                print(chosen.kubeconfig)
            case "down":
                chosen.down()
            case "load":
                chosen.load(asked.images)
            case _:
                return status(chosen)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
