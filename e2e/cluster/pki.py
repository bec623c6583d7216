"""The keys and certificates of a local cluster, and kubeconfig files that hold them. Made by openssl, kept 0600."""

import base64
import json
from pathlib import Path
from typing import Any, Final

from e2e.cluster.layout import API_SERVICE_ADDRESS, Layout, Node
from e2e.cluster.proc import run

DAYS: Final = "365"
CURVE: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")

# Who speaks to the API server: file name -> subject. RBAC knows them by these names.
CLIENTS: Final = {
    "admin": "/O=system:masters/CN=admin",
    "kubelet-client": "/O=system:masters/CN=kube-apiserver-kubelet-client",
    "kube-controller-manager": "/CN=system:kube-controller-manager",
    "kube-scheduler": "/CN=system:kube-scheduler",
    "kube-proxy": "/CN=system:kube-proxy",
}


def make_authority(pki: Path) -> None:
    """The cluster's own certificate authority and the key that signs service accounts' tokens."""
    pki.mkdir(mode=0o700, parents=True, exist_ok=True)
    constraints = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
    run(
        *("openssl", "req", "-x509", *CURVE, "-keyout", pki / "ca.key", "-out", pki / "ca.crt"),
        *("-days", DAYS, "-subj", "/CN=casava-e2e"),
        *(argument for constraint in constraints for argument in ("-addext", constraint)),
    )
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pki / "service-account.key")
    run("openssl", "pkey", "-in", pki / "service-account.key", "-pubout", "-out", pki / "service-account.pub")


def make_certificate(pki: Path, name: str, subject: str, *, names: str = "") -> None:
    """`name`.key and `name`.crt, signed by the authority. `names` is a subjectAltName such as `DNS:a,IP:192.0.2.1`."""
    extensions = ["-addext", "extendedKeyUsage=serverAuth,clientAuth", "-addext", "basicConstraints=CA:FALSE"]
    if names:
        extensions += ["-addext", f"subjectAltName={names}"]
    signed_by = ("-CA", str(pki / "ca.crt"), "-CAkey", str(pki / "ca.key"))
    files = ("-keyout", str(pki / f"{name}.key"), "-out", str(pki / f"{name}.crt"))
    run("openssl", "req", "-x509", *CURVE, *signed_by, *files, "-days", DAYS, "-subj", subject, *extensions)


def make_api_server_certificate(pki: Path, layout: Layout) -> None:
    service = [f"DNS:kubernetes{suffix}" for suffix in ("", ".default", ".default.svc", ".default.svc.cluster.local")]
    addresses = [f"IP:{address}" for address in ("127.0.0.1", API_SERVICE_ADDRESS, layout.node(1).address)]
    make_certificate(pki, "apiserver", "/CN=kube-apiserver", names=",".join([*service, "DNS:localhost", *addresses]))


def make_node_certificate(pki: Path, node: Node) -> None:
    subject = f"/O=system:nodes/CN=system:node:{node.name}"
    make_certificate(pki, node.name, subject, names=f"DNS:{node.name},IP:{node.address}")


def kubeconfig(server: str, authority: bytes, certificate: bytes, key: bytes) -> dict[str, Any]:
    """A kubeconfig that needs no other file. Pure."""

    def inline(data: bytes) -> str:
        return base64.b64encode(data).decode()

    cluster = {"server": server, "certificate-authority-data": inline(authority)}
    user = {"client-certificate-data": inline(certificate), "client-key-data": inline(key)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "casava",
        "contexts": [{"name": "casava", "context": {"cluster": "casava", "user": "casava"}}],
        "clusters": [{"name": "casava", "cluster": cluster}],
        "users": [{"name": "casava", "user": user}],
    }


def write_kubeconfig(layout: Layout, name: str) -> Path:
    """`name`.kubeconfig in the cluster's folder, from the certificate of that name."""
    pki, path = layout.folder / "pki", layout.folder / f"{name}.kubeconfig"
    files = (pki / "ca.crt", pki / f"{name}.crt", pki / f"{name}.key")
    path.touch(mode=0o600)
    path.write_text(json.dumps(kubeconfig(layout.server, *(file.read_bytes() for file in files))), encoding="utf-8")
    return path
