"""What the operator may do, and how its pod is confined."""

from typing import Any

import pytest

from casava_operator.kube import resources
from casava_wire import labels
from tests.chart.support import NAMESPACE, Manifest, render

Right = tuple[str, str, str]  # group, resource, verb

ROLES = ("Role", "ClusterRole")
READ = {"list", "watch"}
CHILD = READ | {"create", "patch", "delete"}


def rights(role: Manifest) -> set[Right]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def used_where_models_are() -> set[Right]:
    """What the operator's own table of kinds needs, and nothing more."""
    needed: dict[tuple[str, str], set[str]] = {
        (labels.GROUP, labels.PLURAL): READ,
        (labels.GROUP, f"{labels.PLURAL}/status"): {"patch"},
        (labels.GROUP, labels.CONTRACT_PLURAL): READ,
        (labels.GROUP, f"{labels.CONTRACT_PLURAL}/status"): {"patch"},
        (resources.EVENT.group, resources.EVENT.plural): {"create", "patch"},
        **{(each.group, each.plural): CHILD for each in resources.CHILDREN},
        **{(each.group, each.plural): READ for each in resources.GRANDCHILDREN},
    }
    return {(group, plural, verb) for (group, plural), verbs in needed.items() for verb in verbs}


NODES = {("", "nodes", verb) for verb in READ}


@pytest.mark.parametrize("values", [{}, {"namespaces": ["a", "b"]}])
def test_no_right_is_a_wildcard(values: dict[str, Any]) -> None:
    for (kind, name), manifest in render(values).items():
        if kind in ROLES:
            for rule in manifest["rules"]:
                assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}, name
                assert "nonResourceURLs" not in rule, name


def test_the_operator_may_do_what_it_does_and_nothing_else() -> None:
    assert rights(render()["ClusterRole", "casava-operator"]) == used_where_models_are() | NODES


def test_the_operator_reads_no_secret_and_writes_no_pod() -> None:
    for (kind, _), manifest in render().items():
        if kind in ROLES:
            granted = rights(manifest)
            assert not [right for right in granted if right[1] == "secrets"]
            assert {verb for group, resource, verb in granted if (group, resource) == ("", "pods")} <= READ


def test_bound_to_namespaces_the_operator_has_rights_in_them_alone_but_for_nodes() -> None:
    rendered = render({"namespaces": ["a", "b"]})
    assert rights(rendered["ClusterRole", "casava-operator"]) == NODES
    for namespace in ("a", "b"):
        assert rights(rendered["Role", f"{namespace}/casava-operator"]) == used_where_models_are()
        (subject,) = rendered["RoleBinding", f"{namespace}/casava-operator"]["subjects"]
        assert subject == {"kind": "ServiceAccount", "name": "casava-operator", "namespace": NAMESPACE}


def test_the_lease_is_one_lease_in_the_operator_s_namespace() -> None:
    role = render()["Role", "casava-operator-lease"]
    named, unnamed = role["rules"]
    assert named == {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": ["casava-operator"],
        "verbs": ["get", "update"],
    }
    assert unnamed["verbs"] == ["create"]


def test_users_roles_hold_nothing_but_models_and_contracts_and_can_be_left_out() -> None:
    rendered = render()
    for name in ("casava-edit", "casava-view"):
        assert {group for group, _, _ in rights(rendered["ClusterRole", name])} == {labels.GROUP}
    assert {verb for _, _, verb in rights(rendered["ClusterRole", "casava-view"])} == {"get", "list", "watch"}
    assert ("ClusterRole", "casava-edit") not in render({"rbac.aggregate": False})


def test_the_token_is_mounted_where_it_is_used_and_nowhere_by_default() -> None:
    rendered = render()
    assert rendered["ServiceAccount", "casava-operator"]["automountServiceAccountToken"] is False
    pod = rendered["Deployment", "casava-operator"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is True


def test_the_pod_meets_the_restricted_standard_and_writes_to_tmp_alone() -> None:
    pod = render()["Deployment", "casava-operator"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["/tmp"]  # noqa: S108 -- a path in the container
    assert container["resources"]["limits"]["memory"]
