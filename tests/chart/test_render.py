"""What the chart renders."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from casava_operator.site import Site, parse_site
from tests.chart.support import CHART, NAMESPACE, ROOT, Manifest, render, text

GOLDEN = Path(__file__).parent / "golden" / "default.yaml"
OPERATOR = ("Deployment", "casava-operator")
POLICY = ("NetworkPolicy", "casava-operator")
BUDGET = ("PodDisruptionBudget", "casava-operator")
DIGEST = "sha256:" + "ab" * 32


def pod_of(rendered: dict[tuple[str, str], Manifest]) -> Manifest:
    pod: Manifest = rendered[OPERATOR]["spec"]["template"]
    return pod


def site_of(rendered: dict[tuple[str, str], Manifest]) -> Site:
    return parse_site(rendered["ConfigMap", "casava-operator"]["data"]["site.yaml"])


def test_the_default_render_is_the_golden_file(update_golden: bool) -> None:
    rendered = text({"crds.enabled": False})
    if update_golden:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(rendered, encoding="utf-8")
    assert rendered == GOLDEN.read_text(encoding="utf-8")


def test_the_chart_and_the_package_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert (chart["appVersion"], chart["version"]) == (package, package)
    assert pod_of(render())["spec"]["containers"][0]["image"] == f"docker.io/casava/operator:{package}"


def test_the_images_named_by_default_are_those_that_are_built() -> None:
    from images.builder.catalog import IMAGES

    tag = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    rendered = render()
    images = site_of(rendered).images
    named = {pod_of(rendered)["spec"]["containers"][0]["image"], images.sidecar, images.runtime_cpu}
    assert named == {IMAGES[name].reference(tag) for name in ("operator", "sidecar", "runtime-cpu")}


@pytest.mark.parametrize(
    "values", [{"podLabels": {"team": "ml"}}, {"replicas": 5}, {"image.operator.tag": "9"}, {"namespaces": ["a"]}]
)
def test_no_value_and_no_release_name_changes_a_selector(values: dict[str, Any]) -> None:
    selector = {"app.kubernetes.io/name": "casava-operator"}
    rendered = render(values, release="another")
    assert rendered[OPERATOR]["spec"]["selector"] == {"matchLabels": selector}
    assert selector.items() <= pod_of(rendered)["metadata"]["labels"].items()
    assert rendered[BUDGET]["spec"]["selector"] == {"matchLabels": selector}
    assert rendered[POLICY]["spec"]["podSelector"] == {"matchLabels": selector}
    assert rendered["Service", "casava-operator-metrics"]["spec"]["selector"] == selector
    assert site_of(rendered).operator_labels == selector


def test_another_release_makes_objects_of_the_same_names_so_that_helm_refuses_a_second_operator() -> None:
    assert set(render()) == set(render(release="another"))


def test_the_operator_reads_every_setting_as_it_was_given() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
    site = site_of(
        render(
            {
                "image.registry": "registry.example:5000/mirror",
                "image.pullPolicy": "Always",
                "image.sidecar.tag": "1.2.3",
                "image.runtimeCpu.digest": DIGEST,
                "models.imagePullSecrets": ["pull"],
                "models.networkPolicies": False,
                "upgrade.maxConcurrent": 3,
                "autoscaling.stabilizationSeconds": 5,
                "metrics.peers": [peer],
            },
            namespace="elsewhere",
        )
    )
    assert site.images.sidecar == "registry.example:5000/mirror/casava/sidecar:1.2.3"
    assert site.images.runtime_cpu == f"registry.example:5000/mirror/casava/runtime-cpu@{DIGEST}"
    assert (site.image_pull_policy, site.image_pull_secrets) == ("Always", ("pull",))
    assert not site.network_policies
    assert (site.upgrade.max_concurrent, site.autoscaling.stabilization_seconds) == (3, 5)
    assert site.operator_namespace == "elsewhere"
    assert [each.model_dump(by_alias=True, exclude_unset=True) for each in site.prometheus] == [peer]


def test_the_chart_gives_every_setting_that_the_operator_knows() -> None:
    given = yaml.safe_load(render()["ConfigMap", "casava-operator"]["data"]["site.yaml"])
    assert set(given) == {field.alias for field in Site.model_fields.values()}


def test_a_changed_setting_restarts_the_operator() -> None:
    def digest(values: dict[str, Any]) -> str:
        return str(pod_of(render(values))["metadata"]["annotations"]["casava.dev/site-digest"])

    assert digest({}) != digest({"image.sidecar.tag": "2"})
    assert digest({}) == digest({"replicas": 3})


def test_an_empty_registry_leaves_the_repository_alone() -> None:
    pod = pod_of(render({"image.registry": "", "image.operator.repository": "registry.example/casava"}))
    assert pod["spec"]["containers"][0]["image"] == "registry.example/casava:0.1.0"


def test_one_replica_has_no_disruption_budget() -> None:
    assert BUDGET in render()
    assert BUDGET not in render({"replicas": 1})


def test_the_operator_may_be_paused() -> None:
    assert render({"replicas": 0})[OPERATOR]["spec"]["replicas"] == 0


def test_probes_ask_the_port_that_the_operator_listens_on() -> None:
    (container,) = pod_of(render())["spec"]["containers"]
    (port,) = container["ports"]
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}
    assert port["containerPort"] == 8080


def test_every_flag_of_the_operator_is_one_that_it_takes() -> None:
    from casava_operator.__main__ import _parser

    (container,) = pod_of(render({"namespaces": ["a", "b"], "logLevel": "debug", "workers": 3}))["spec"]["containers"]
    flags = _parser().parse_args(container["args"])
    assert (flags.command, flags.namespace, flags.log_level, flags.workers) == ("run", ["a", "b"], "debug", 3)


def test_the_replicas_spread_over_nodes_but_start_on_one_all_the_same() -> None:
    (spread,) = pod_of(render())["spec"]["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")


def test_nobody_reaches_the_operator_unless_named() -> None:
    assert render()[POLICY]["spec"]["ingress"] == []
    peer = {"podSelector": {"matchLabels": {"app": "prometheus"}}}
    (rule,) = render({"metrics.peers": [peer]})[POLICY]["spec"]["ingress"]
    assert rule == {"from": [peer], "ports": [{"protocol": "TCP", "port": "http"}]}
    assert POLICY not in render({"networkPolicy.enabled": False})


def test_egress_when_restricted_reaches_the_api_server_the_models_and_dns_alone() -> None:
    from casava_wire.net import ADMIN_PORT

    assert render()[POLICY]["spec"]["policyTypes"] == ["Ingress"]
    spec = render({"networkPolicy.egress": {"enabled": True, "apiServerPorts": [6443]}})[POLICY]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in spec["egress"]] == [[6443], [ADMIN_PORT], [53, 53]]


def test_monitors_are_made_only_when_asked_for() -> None:
    kinds = {kind for kind, _ in render()}
    assert not kinds & {"ServiceMonitor", "PodMonitor"}
    values = {
        "metrics.serviceMonitor": {"enabled": True, "interval": "5s", "labels": {"release": "prometheus"}},
        "metrics.podMonitor": {"enabled": True, "interval": "5s", "labels": {"release": "prometheus"}},
    }
    rendered = render(values)
    for key in (("ServiceMonitor", "casava-operator"), ("PodMonitor", "casava-models")):
        assert rendered[key]["metadata"]["labels"]["release"] == "prometheus"
    assert rendered["PodMonitor", "casava-models"]["spec"]["namespaceSelector"] == {"any": True}
    bounded = render({**values, "namespaces": ["a"]})["PodMonitor", "casava-models"]
    assert bounded["spec"]["namespaceSelector"] == {"matchNames": ["a"]}


@pytest.mark.parametrize("plural", ["casavamodels", "outputcontracts"])
def test_a_definition_comes_with_the_chart_survives_it_and_can_be_left_out(plural: str) -> None:
    key = ("CustomResourceDefinition", f"{plural}.casava.dev")
    definition = render()[key]
    assert definition["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert definition == yaml.safe_load((ROOT / "crds" / f"{plural}.yaml").read_text(encoding="utf-8"))
    assert key not in render({"crds.enabled": False})


def test_everything_lies_in_the_release_s_namespace() -> None:
    scoped = [each["metadata"].get("namespace") for each in render(namespace="elsewhere").values()]
    assert {name for name in scoped if name} == {"elsewhere"}
    assert NAMESPACE not in text(namespace="elsewhere")
