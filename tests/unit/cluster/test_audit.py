"""The audit log is read as it is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster.audit import end, parse, read


def line(**changes: Any) -> str:
    event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "stage": "ResponseComplete",
        "requestURI": "/apis/apps/v1/namespaces/a/deployments/b/status?fieldManager=x",
        "verb": "patch",
        "user": {"username": "system:serviceaccount:casava-system:casava-operator"},
        "userAgent": "casava-operator/0.1.0",
        "objectRef": {
            "resource": "deployments",
            "subresource": "status",
            "namespace": "a",
            "name": "b",
            "apiGroup": "apps",
            "apiVersion": "v1",
        },
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2026-01-02T03:04:05.678901Z",
        "annotations": {"authorization.k8s.io/decision": "allow"},
    }
    return json.dumps(event | changes)


def test_an_event_says_who_did_what_to_which_object() -> None:
    event = parse(line())
    assert (event.verb, event.group, event.resource, event.namespace, event.name) == (
        *("patch", "apps", "deployments/status"),
        *("a", "b"),
    )
    assert (event.user, event.code, event.allowed, event.write) == (
        *("system:serviceaccount:casava-system:casava-operator", 200),
        *(True, True),
    )
    assert event.at.timestamp() == pytest.approx(1767323045.678901)


def test_a_path_without_a_resource_and_a_request_without_an_answer_are_events_too() -> None:
    event = parse(line(objectRef=None, responseStatus=None, requestURI="/readyz", verb="get"))
    assert (event.resource, event.name, event.code, event.path, event.write) == ("", "", 0, "/readyz", False)


def test_what_rbac_forbids_is_not_allowed() -> None:
    assert not parse(line(annotations={"authorization.k8s.io/decision": "forbid"})).allowed


@pytest.mark.parametrize("text", ["", "{}", '{"kind": "Event", "apiVersion": "v1"}', "no json"])
def test_another_text_is_no_event(text: str) -> None:
    with pytest.raises(ValueError, match=r"no audit event|Expecting value"):
        parse(text)


def test_reading_starts_at_the_mark_and_leaves_out_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(f"{line(verb='get')}\n", encoding="utf-8")
    mark = end(log)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{line(verb='create')}\n{line(verb='delete')}"[:-5])
    assert [event.verb for event in read(log)] == ["get", "create"]
    assert [event.verb for event in read(log, mark)] == ["create"]
