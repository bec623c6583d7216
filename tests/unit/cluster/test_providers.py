"""The kind of cluster is chosen by wish, else by what can run; what cannot is refused with what to do."""

import json
from pathlib import Path

import pytest

from e2e.cluster.kind import kind_config
from e2e.cluster.layout import Layout
from e2e.cluster.local import Local
from e2e.cluster.proc import ClusterError
from e2e.cluster.providers import choose
from e2e.cluster.settings import AUDIT_POLICY, kubelet_config, node_spec


def test_a_wish_is_followed_whatever_the_machine_offers() -> None:
    assert choose(wanted="local", docker=True, local_refusal=None) == "local"
    assert choose(wanted="existing", docker=True, local_refusal=None) == "existing"


def test_without_a_wish_kind_comes_before_local() -> None:
    assert choose(wanted="", docker=True, local_refusal=None) == "kind"
    assert choose(wanted="", docker=False, local_refusal=None) == "local"


def test_where_nothing_can_run_the_error_says_what_is_missing() -> None:
    with pytest.raises(ClusterError, match=r"needs root.*CASAVA_E2E_CLUSTER=existing"):
        choose(wanted="", docker=False, local_refusal="a local cluster needs root")
    with pytest.raises(ClusterError, match="use kind, local or existing"):
        choose(wanted="minikube", docker=True, local_refusal=None)


def test_a_local_cluster_with_a_name_that_leaves_its_folder_is_refused() -> None:
    with pytest.raises(ClusterError, match="cannot name a cluster"):
        Local("../other")


def test_the_state_of_a_cluster_that_is_not_up_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    cluster = Local("none", root=tmp_path)
    with pytest.raises(ClusterError, match=r"e2e\.cluster up --name none"):
        _ = cluster.layout
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "cluster.json").write_text('{"slot": ', encoding="utf-8")
    assert not cluster.running()
    assert cluster.nodes() == []


def test_kind_hands_out_the_audit_log_and_has_as_many_nodes_as_asked_for() -> None:
    config = kind_config(3, Path("/state"))
    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker", "worker"]
    patch = json.loads(config["kubeadmConfigPatchesJSON6902"][0]["patch"])
    arguments = {step["value"]["name"]: step["value"]["value"] for step in patch[:-1]}
    mounts = {mount["containerPath"]: mount["hostPath"] for mount in config["nodes"][0]["extraMounts"]}
    assert arguments["audit-log-path"].startswith("/var/log/kubernetes/")
    assert mounts["/var/log/kubernetes"] == "/state/logs"
    assert mounts[arguments["audit-policy-file"]] == "/state/audit-policy.yaml"
    assert {volume["mountPath"] for volume in patch[-1]["value"]} == set(mounts)


def test_the_audit_policy_logs_no_body() -> None:
    assert {rule["level"] for rule in AUDIT_POLICY["rules"]} == {"Metadata"}


def test_only_the_first_node_runs_the_control_plane_and_all_paths_are_the_nodes_own() -> None:
    layout = Layout("e2e", Path("/home/someone/state/e2e"), slot=0)
    programs = {}
    for index in (1, 2):
        spec = node_spec(layout, layout.node(index), folder=str(layout.folder), tools="/cache/host", images=[])
        programs[index] = [program["name"] for program in spec["programs"]]
        commands = [argument for program in spec["programs"] for argument in program["command"]]
        assert not any("/home/someone" in argument or "/cache" in argument for argument in commands)
    assert set(programs[1]) - set(programs[2]) == {
        *("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    }


def test_the_kubelet_is_told_of_version_1_of_control_groups_only_where_there_is_one() -> None:
    node = Layout("e2e", Path("/state"), slot=0).node(2)
    assert kubelet_config(node, cgroup_v1=True)["failCgroupV1"] is False
    assert "failCgroupV1" not in kubelet_config(node, cgroup_v1=False)
    assert kubelet_config(node, cgroup_v1=False, provider_id="gce://a/b/c")["providerID"] == "gce://a/b/c"
