"""`python -m e2e.demo up|down`."""

import argparse
import json
import shlex
import shutil
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from e2e.cluster import packages
from e2e.cluster.cluster import Cluster
from e2e.cluster.proc import ClusterError
from e2e.cluster.providers import provider
from e2e.cluster.tools import tool
from e2e.demo.progress import say, step
from e2e.support.casava import IMAGES, Casava, load_images
from e2e.support.models import Models
from images.builder.build import bring
from images.builder.engines import BuildError

NAME: Final = "casava-demo"
MODEL: Final = "smollm2"
NAMESPACE: Final = "default"
ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = ROOT / "examples" / "smollm2.yaml"
QUESTION: Final = "Alice is 30 years old. Extract the person."
REQUEST: Final = {
    "model": MODEL,
    "messages": [{"role": "user", "content": QUESTION}],
    "response_format": {"type": "contract", "name": "person"},
    "temperature": 0,
}
GUARANTEES: Final = ("Casava-Contract", "Casava-Guarantee", "Casava-Verdict")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.demo", description=__doc__)
    parser.add_argument("what", choices=["up", "down"])
    try:
        if parser.parse_args().what == "down":
            provider(NAME).down()
        else:
            _up()
    except (ClusterError, BuildError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _up() -> None:
    chosen = provider(NAME)
    if chosen.kind == "local":
        packages.ensure({**packages.CLUSTER, **packages.IMAGES})  # first, for two of them cannot run at once
    with ThreadPoolExecutor(1) as aside:
        # Cold, the cluster's programs are compiled for minutes, and the images wait for the network: both at once.
        images = aside.submit(bring, IMAGES)
        with step(f"a cluster ({chosen.kind})"):
            chosen.up(1)
        cluster = Cluster(chosen)
        with step("the images"):
            load_images(cluster, images.result())
    casava = Casava(cluster)
    with step("the chart"):
        casava.install()
    models = Models(cluster, NAMESPACE, casava.model_image)
    with step(f"a model: kubectl apply -f {MANIFEST.relative_to(ROOT)}"):
        cluster.apply(MANIFEST.read_text(encoding="utf-8"), namespace=NAMESPACE)
        _watch(models)
    with step("a question"):
        url, headers, answer = _ask(cluster, models)
    _show(cluster, url, headers, answer)


def _watch(models: Models) -> None:
    """Say each condition as it turns, until the model is ready."""
    seen: dict[str, str] = {}

    def ready() -> bool:
        found = models.get(MODEL)
        status = found.get("status", {})
        for condition in status.get("conditions", []):
            now = f"{condition['type']}={condition['status']} ({condition['reason']})"
            if seen.get(condition["type"]) != now:
                seen[condition["type"]] = now
                say(f"  {now}")
        current = status.get("observedGeneration") == found["metadata"]["generation"]
        return current and seen.get("Ready", "").startswith("Ready=True")

    models.cluster.wait_until(f"{MODEL} to be ready", ready, timeout=180)


def _ask(cluster: Cluster, models: Models) -> tuple[str, dict[str, str], dict[str, Any]]:
    """The address that answered, the headers that say what was guaranteed, and the answer."""
    try:
        url = models.url(MODEL)
        return url, *_post(url)
    except ClusterError:  # nodes are out of reach from here, as with Docker in a virtual machine
        with cluster.port_forward(f"service/{MODEL}", 80, namespace=NAMESPACE) as port:
            url = f"http://127.0.0.1:{port}"
            return url, *_post(url)


def _post(url: str) -> tuple[dict[str, str], dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310 -- http on purpose: the cluster of the demonstration
        f"{url}/v1/chat/completions", json.dumps(REQUEST).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return {name: response.headers[name] for name in GUARANTEES}, json.load(response)


def _show(cluster: Cluster, url: str, headers: dict[str, str], answer: dict[str, Any]) -> None:
    kubectl = "kubectl" if shutil.which("kubectl") else str(tool("kubectl"))
    curl = ["curl", "-si", f"{url}/v1/chat/completions", "-H", "content-type: application/json"]
    print(f"\n  question   {QUESTION}")
    print(f"  answer     {answer['choices'][0]['message']['content']}")
    for name, value in headers.items():
        print(f"  {name}: {value}")
    print("\nTry next:\n")
    print(f"  {kubectl} --kubeconfig {cluster.kubeconfig} get casava")
    print(f"  {shlex.join([*curl, '-d', json.dumps(REQUEST)])}")
    print("  make demo-down")


if __name__ == "__main__":
    sys.exit(main())
