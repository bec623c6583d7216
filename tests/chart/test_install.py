"""helm against a real API server: the definition's life, and what admission says of the pods."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.cluster.tools import tool
from tests.chart.support import CHART, NAMESPACE, ROOT, helm, render
from tests.controlplane.support import server as servers

DEFINITION = "casavamodels.casava.dev"
DEFINITIONS = (DEFINITION, "outputcontracts.casava.dev")
MODEL = """
apiVersion: casava.dev/v1alpha1
kind: CasavaModel
metadata: {name: kept, namespace: default}
spec: {model: {source: pvc://models/model.gguf}}
"""


class Cluster:
    """An API server and the two programs that people use on it."""

    def __init__(self, kubeconfig: Path, home: Path) -> None:
        self.kubeconfig = kubeconfig
        self.home = home

    def helm(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return helm(*arguments, f"--kubeconfig={self.kubeconfig}", f"--namespace={NAMESPACE}", home=str(self.home))

    def install(self, release: str, *flags: str) -> "subprocess.CompletedProcess[str]":
        return self.helm("install", release, str(CHART), "--create-namespace", *flags)

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        done = subprocess.run(
            [str(tool("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=60,
            env={**os.environ, "HOME": str(self.home)},
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def established(self, *, check: bool = True) -> None:
        """Wait until both kinds are served. A definition that is deleted before that may take minutes to go."""
        names = (f"crd/{name}" for name in DEFINITIONS)
        self.kubectl("wait", "--for=condition=Established", *names, "--timeout=20s", check=check)

    def get(self, *what: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", *what, "--output=json"))
        return found


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("chart")
    server = servers.start(folder)
    try:
        yield Cluster(server.kubeconfig(folder / "kubeconfig"), folder / "home")
    finally:
        server.stop()


@pytest.fixture
def cluster(api_server: Cluster) -> Iterator[Cluster]:
    """The API server without Casava, before and after."""
    yield api_server
    for release in api_server.helm("list", "--short").stdout.split():
        api_server.helm("uninstall", release)
    api_server.established(check=False)  # where they are there
    api_server.kubectl("delete", "customresourcedefinition", *DEFINITIONS, "--ignore-not-found")


def older_definition() -> str:
    """The definition of a release with one text fewer: what an upgrade has to change."""
    definition = yaml.safe_load((ROOT / "crds" / "casavamodels.yaml").read_text(encoding="utf-8"))
    (version,) = definition["spec"]["versions"]
    version["schema"]["openAPIV3Schema"]["description"] = "older"
    return yaml.safe_dump(definition)


def described(cluster: Cluster) -> str:
    (version,) = cluster.get("customresourcedefinition", DEFINITION)["spec"]["versions"]
    return str(version["schema"]["openAPIV3Schema"]["description"])


def test_uninstalling_keeps_the_definition_and_the_models(cluster: Cluster) -> None:
    assert cluster.install("casava").returncode == 0
    cluster.established()
    cluster.kubectl("apply", "--filename=-", stdin=MODEL)
    uid = cluster.get("casava", "kept", "--namespace=default")["metadata"]["uid"]

    assert cluster.helm("uninstall", "casava").returncode == 0

    assert cluster.get("casava", "kept", "--namespace=default")["metadata"]["uid"] == uid
    assert not cluster.get("deployments", f"--namespace={NAMESPACE}")["items"]
    assert not cluster.get("clusterroles", "--selector=app.kubernetes.io/part-of=casava")["items"]


@pytest.mark.parametrize("apply", [["apply"], ["apply", "--server-side"]], ids=["client-side", "server-side"])
def test_an_older_definition_of_kubectl_s_is_taken_over_by_the_documented_command(
    cluster: Cluster, apply: list[str]
) -> None:
    cluster.kubectl(*apply, "--filename=-", stdin=older_definition())
    refused = cluster.install("casava")
    assert refused.returncode != 0
    assert "invalid ownership metadata" in refused.stderr

    taken = cluster.install("casava", "--take-ownership", "--force-conflicts")

    assert taken.returncode == 0, taken.stderr
    assert described(cluster) != "older"
    assert cluster.helm("upgrade", "casava", str(CHART)).returncode == 0


def test_a_release_of_another_name_takes_over_by_the_documented_command(cluster: Cluster) -> None:
    assert cluster.install("first").returncode == 0
    cluster.established()
    assert cluster.helm("uninstall", "first").returncode == 0
    assert cluster.install("second").returncode != 0

    taken = cluster.install("second", "--take-ownership", "--force-conflicts")

    assert taken.returncode == 0, taken.stderr
    owner = cluster.get("customresourcedefinition", DEFINITION)["metadata"]["annotations"]["meta.helm.sh/release-name"]
    assert owner == "second"
    assert cluster.helm("upgrade", "second", str(CHART)).returncode == 0


def test_a_definition_is_taken_over_by_hand_as_documented(cluster: Cluster) -> None:
    cluster.kubectl("apply", "--server-side", "--filename=crds/")
    cluster.kubectl("label", "crd", *DEFINITIONS, "app.kubernetes.io/managed-by=Helm", "--overwrite")
    names = (f"meta.helm.sh/release-{key}" for key in ("name=casava", f"namespace={NAMESPACE}"))
    cluster.kubectl("annotate", "crd", *DEFINITIONS, "--overwrite", *names)

    assert cluster.install("casava").returncode == 0


def test_a_second_release_beside_the_first_is_refused(cluster: Cluster) -> None:
    assert cluster.install("casava").returncode == 0
    second = cluster.helm("install", "rival", str(CHART))
    assert second.returncode != 0
    assert "invalid ownership metadata" in second.stderr


def test_the_operator_s_pod_is_admitted_where_the_restricted_standard_is_enforced(cluster: Cluster) -> None:
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "strict", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
    cluster.kubectl("apply", "--filename=-", stdin=json.dumps(namespace))
    template = render()["Deployment", "casava-operator"]["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator"}, "spec": template["spec"]}

    said = cluster.kubectl("create", "--namespace=strict", "--filename=-", stdin=json.dumps(pod))

    assert said == "pod/operator created\n"  # and no warning of the standard
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    pod["metadata"] = {"name": "lax"}
    refused = cluster.kubectl("create", "--namespace=strict", "--filename=-", stdin=json.dumps(pod), check=False)
    assert "violates PodSecurity" in refused


def test_every_object_is_taken_by_the_api_server_with_every_optional_part_on(cluster: Cluster) -> None:
    values = ("namespaces={default}", "networkPolicy.egress.enabled=true", "image.pullSecrets={a}", "podLabels.a=b")
    done = cluster.install("casava", *(f"--set={value}" for value in values))
    assert done.returncode == 0, done.stderr
    assert "serves the models of: default" in done.stdout
