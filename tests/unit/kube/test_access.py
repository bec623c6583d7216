"""How the API server is found: kubeconfig files and a pod's service account."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from casava_operator.kube.access import Access, AccessError, find_access, from_kubeconfig, in_cluster


def config(path: Path, user: dict[str, Any], cluster: dict[str, Any] | None = None, **context: Any) -> Path:
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", **context}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://host:6443/", **(cluster or {})}}],
        "users": [{"name": "u", "user": user}],
    }
    file = path / "config"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def test_a_token_and_inlined_authorities_are_read(tmp_path: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\n"
    cluster = {"certificate-authority-data": base64.b64encode(pem.encode()).decode()}
    found = from_kubeconfig(config(tmp_path, {"token": "t"}, cluster, namespace="team"))
    assert found == Access(server="https://host:6443", ca=pem, token="t", namespace="team")


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("pem", encoding="ascii")
    user = {"client-certificate": "a.crt", "client-key": "a.key"}
    found = from_kubeconfig(config(tmp_path, user, {"certificate-authority": "ca.crt"}))
    assert found.ca == "pem"
    assert found.certificate == (tmp_path / "a.crt", tmp_path / "a.key")
    assert from_kubeconfig(config(tmp_path, {"tokenFile": "token"})).token_file == tmp_path / "token"


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ({"exec": {"command": "aws"}}, "credential plugins"),
        ({"auth-provider": {}}, "credential plugins"),
        ({"client-certificate-data": "eA=="}, "as files"),
    ],
)
def test_what_is_not_supported_is_said_with_the_remedy(tmp_path: Path, user: dict[str, Any], told: str) -> None:
    with pytest.raises(AccessError, match=told):
        from_kubeconfig(config(tmp_path, user))


@pytest.mark.parametrize("text", ["", "[]", "{current-context: c}", "{", "{current-context: c, contexts: []}"])
def test_a_broken_kubeconfig_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AccessError, match="not a usable kubeconfig"):
        from_kubeconfig(file)


def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    for name, text in (("token", "t"), ("ca.crt", "pem"), ("namespace", "casava-system\n")):
        (tmp_path / name).write_text(text, encoding="ascii")
    found = in_cluster(tmp_path, "fd00::1", "443")
    assert found == Access(
        server="https://[fd00::1]:443", ca="pem", token_file=tmp_path / "token", namespace="casava-system"
    )


def test_without_any_way_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(AccessError, match="--kubeconfig"):
        find_access()
