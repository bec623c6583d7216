"""Would an apply change the object? Answered without asking the API server."""

import copy
from typing import Any

import pytest

from casava_operator.apply import drift

# As kube-apiserver 1.36 stored and answered an apply by casava-operator, shortened.
DESIRED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "chat",
        "namespace": "ns",
        "labels": {"a": "1"},
        "ownerReferences": [{"apiVersion": "casava.dev/v1alpha1", "kind": "CasavaModel", "name": "chat", "uid": "u1"}],
    },
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"a": "1"}},
        "template": {
            "spec": {
                "nodeSelector": {"os": "linux"},
                "containers": [
                    {
                        "name": "engine",
                        "command": ["serve"],
                        "resources": {"requests": {"cpu": "0.5"}, "limits": {"memory": "1024Mi"}},
                        "ports": [{"name": "api", "containerPort": 8080}],
                    }
                ],
                "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1024Mi"}}],
                "tolerations": [{"key": "sku", "operator": "Equal", "value": "gpu"}],
            }
        },
    },
}
FIELDS: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:a": {}}, "f:ownerReferences": {'k:{"uid":"u1"}': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:spec": {
                "f:nodeSelector": {},
                "f:containers": {
                    'k:{"name":"engine"}': {
                        ".": {},
                        "f:name": {},
                        "f:command": {},
                        "f:resources": {"f:requests": {"f:cpu": {}}, "f:limits": {"f:memory": {}}},
                        "f:ports": {
                            'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:name": {}}
                        },
                    }
                },
                "f:volumes": {'k:{"name":"tmp"}': {".": {}, "f:emptyDir": {"f:sizeLimit": {}}, "f:name": {}}},
                "f:tolerations": {},
            }
        },
    },
}


def live() -> dict[str, Any]:
    """What the API server holds: defaults filled in, quantities in their canonical form, other lists merged in."""
    made = copy.deepcopy(DESIRED)
    made["metadata"] |= {
        "uid": "d1",
        "resourceVersion": "7",
        "labels": {"a": "1", "added": "by somebody"},
        "managedFields": [
            {"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": {}}},
            {"manager": "casava-operator", "operation": "Apply", "fieldsV1": FIELDS},
        ],
    }
    spec = made["spec"]["template"]["spec"]
    spec["containers"][0]["resources"] = {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}}
    spec["containers"][0]["ports"][0]["protocol"] = "TCP"
    spec["containers"].insert(0, {"name": "injected"})
    spec["volumes"][0]["emptyDir"]["sizeLimit"] = "1Gi"
    spec["tolerations"][0]["effect"] = ""
    spec["schedulerName"] = "default-scheduler"
    return made


def test_defaults_canonical_forms_and_what_others_added_are_no_difference() -> None:
    assert not drift.differs(DESIRED, live())


def edit(body: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    at: Any = body
    for part in parents:
        at = at[int(part)] if part.isdigit() else at[part]
    if value is None:
        del at[last]
    else:
        at[int(last) if last.isdigit() else last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.replicas", 3),
        ("spec.replicas", None),
        ("metadata.labels.a", "2"),
        ("metadata.labels.a", None),
        ("metadata.ownerReferences", []),
        ("spec.template.spec.containers.1.command", ["serve", "--more"]),
        ("spec.template.spec.containers.1.name", "other"),
        ("spec.template.spec.containers.1.resources.requests.cpu", "501m"),
        ("spec.template.spec.containers.1.ports.0.name", "b"),
        ("spec.template.spec.volumes.0.emptyDir.sizeLimit", "2Gi"),
        ("spec.template.spec.nodeSelector.os", "windows"),
        ("spec.template.spec.tolerations", []),
        ("spec.selector.matchLabels.a", "2"),
        ("metadata.managedFields", []),
    ],
)
def test_a_change_by_hand_is_a_difference(path: str, value: Any) -> None:
    changed = live()
    edit(changed, path, value)
    assert drift.differs(DESIRED, changed)


@pytest.mark.parametrize(
    "path",
    ["spec.replicas", "metadata.labels.a", "spec.template.spec.volumes", "spec.template.spec.containers.0.command"],
)
def test_what_is_no_longer_planned_is_a_difference(path: str) -> None:
    fewer = copy.deepcopy(DESIRED)
    edit(fewer, path, None)
    assert drift.differs(fewer, live())


def test_what_is_newly_planned_is_a_difference_even_if_somebody_else_has_set_it() -> None:
    more = copy.deepcopy(DESIRED)
    more["metadata"]["labels"]["added"] = "by somebody"
    assert drift.differs(more, live())


def test_true_is_not_one() -> None:
    changed = live()
    changed["spec"]["replicas"] = True
    wanted = copy.deepcopy(DESIRED)
    wanted["spec"]["replicas"] = 1
    assert drift.differs(wanted, changed)


def test_what_was_applied_last_can_be_taken_out_of_the_object() -> None:
    own = drift.applied(live())
    assert own is not None
    assert not drift.differs(own, live())
    containers = own["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in containers] == ["engine"]
    assert own["metadata"]["labels"] == {"a": "1"}
    assert "schedulerName" not in own["spec"]["template"]["spec"]
    assert "status" not in own


def test_what_is_taken_out_keeps_the_order_of_its_lists() -> None:
    names = ["z", "a", "m"]
    fields: dict[str, Any] = {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}} for name in sorted(names)}
    entry = {"manager": "casava-operator", "operation": "Apply", "fieldsV1": {"f:spec": {"f:volumes": fields}}}
    there = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "n", "namespace": "ns", "managedFields": [entry]},
        "spec": {"volumes": [{"name": "injected"}, *({"name": name} for name in names)]},
    }
    own = drift.applied(there)
    assert own is not None
    assert own["spec"]["volumes"] == [{"name": name} for name in names]


def test_nothing_can_be_taken_out_of_an_object_that_was_never_applied() -> None:
    foreign = live()
    foreign["metadata"]["managedFields"] = []
    assert drift.applied(foreign) is None


def test_a_set_is_compared_by_its_members() -> None:
    fields: dict[str, Any] = {"f:metadata": {"f:finalizers": {'v:"x"': {}}}}
    entry = {"manager": "casava-operator", "operation": "Apply", "fieldsV1": fields}
    there = {"metadata": {"name": "n", "finalizers": ["y", "x"], "managedFields": [entry]}}
    assert not drift.differs({"metadata": {"name": "n", "finalizers": ["x"]}}, there)
    assert drift.differs({"metadata": {"name": "n", "finalizers": ["z"]}}, there)
