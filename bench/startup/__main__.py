"""`python -m bench.startup [--times N]`: a CasavaModel applied to Ready, one after another, on a cluster of its own.

Ready is the moment that the condition says so in the API, as a watch sees it: the operator, the scheduler, the kubelet,
Triton, the model, the sidecar and the probes are all in the time.
"""

import argparse
import json
import statistics
import subprocess
import time

from e2e.cluster.cluster import Cluster
from e2e.cluster.providers import provider
from e2e.cluster.tools import tool
from e2e.support.casava import IMAGES, Casava, load_images
from e2e.support.manifests import model
from e2e.support.models import Models
from images.builder.build import bring

NAME = "casava-bench"
LONGEST = 60.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    chosen = provider(NAME)
    chosen.up(1)
    try:
        cluster = Cluster(chosen)
        load_images(cluster, bring(IMAGES))
        casava = Casava(cluster)
        casava.install()
        casava.wait_for_leader()
        with cluster.namespace("startup") as namespace:
            models = Models(cluster, namespace, casava.model_image)
            seconds = [_once(models, f"model-{number}") for number in range(times)]
    finally:
        chosen.down()
    print(f"applied to Ready, {times} times: p50 {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")


def _once(models: Models, name: str) -> float:
    manifest = model(name, models.image)
    began = time.monotonic()
    models.apply(manifest)
    _wait(models, name)
    took = time.monotonic() - began
    models.kubectl("delete", "casava", name)
    models.cluster.wait_until("its pod to go", lambda: not models.all_pods(name), timeout=LONGEST)
    return took


def _wait(models: Models, name: str) -> None:
    command = [str(tool("kubectl")), f"--kubeconfig={models.cluster.kubeconfig}", f"--namespace={models.namespace}"]
    command += ["wait", f"casava/{name}", "--for=condition=Ready", f"--timeout={LONGEST:g}s"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stderr}\n{json.dumps(models.status(name), indent=1)}"


if __name__ == "__main__":
    main()
