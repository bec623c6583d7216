"""How to reach the API server: what a kubeconfig or a pod's service account says. No connection is made here."""

import base64
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

SERVICE_ACCOUNT_DIR: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class AccessError(Exception):
    """No usable way to an API server; the message names the file or variable and the fix."""


@dataclass(frozen=True)
class Access:
    """An API server and the credentials for it. Exactly one of token, token_file and client certificate is used."""

    server: str  # https://host:port, without a trailing slash
    ca: str | None = None  # PEM text; None: the system's authorities
    insecure: bool = False
    token: str | None = None
    token_file: Path | None = None  # reread, because the kubelet rotates it
    certificate: tuple[Path, Path] | None = None  # client certificate and key, PEM files
    namespace: str = "default"

    def ssl_context(self) -> ssl.SSLContext | bool:
        """For aiohttp's connector; True leaves plain HTTP alone."""
        if not self.server.startswith("https://"):
            return True
        context = ssl.create_default_context(cadata=self.ca)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate:
            context.load_cert_chain(*self.certificate)
        return context


def find_access(kubeconfig: str | None = None) -> Access:
    """The given kubeconfig, else the pod's service account, else ``KUBECONFIG``, else ``~/.kube/config``."""
    if kubeconfig:
        return from_kubeconfig(Path(kubeconfig))
    if "KUBERNETES_SERVICE_HOST" in os.environ and (SERVICE_ACCOUNT_DIR / "token").exists():
        return in_cluster(
            SERVICE_ACCOUNT_DIR,
            os.environ["KUBERNETES_SERVICE_HOST"],
            os.environ.get("KUBERNETES_SERVICE_PORT_HTTPS") or os.environ.get("KUBERNETES_SERVICE_PORT", "443"),
        )
    for path in (Path(os.environ.get("KUBECONFIG", "")), Path.home() / ".kube" / "config"):
        if path.is_file():
            return from_kubeconfig(path)
    raise AccessError("no API server known: run in a pod with a service account, or pass --kubeconfig FILE")


def in_cluster(folder: Path, host: str, port: str) -> Access:
    """What the kubelet mounted into the operator's own pod."""
    host = f"[{host}]" if ":" in host else host
    return Access(
        server=f"https://{host}:{port}",
        ca=(folder / "ca.crt").read_text(encoding="ascii"),
        token_file=folder / "token",
        namespace=(folder / "namespace").read_text(encoding="utf-8").strip(),
    )


def from_kubeconfig(path: Path) -> Access:
    """The current context of a kubeconfig. Raises AccessError for what is missing or not supported."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        context = _named(document, "context", document["current-context"])
        cluster = _named(document, "cluster", context["cluster"])
        user = _named(document, "user", context.get("user", ""))
        server = cluster["server"].rstrip("/")
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise AccessError(f"{path}: not a usable kubeconfig: {error!r}") from error
    if "exec" in user or "auth-provider" in user:
        raise AccessError(f"{path}: credential plugins are not supported: use a token or a client certificate")
    return Access(
        server=server,
        ca=_text(path, cluster, "certificate-authority"),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        token=user.get("token"),
        token_file=path.parent / user["tokenFile"] if user.get("tokenFile") else None,
        certificate=_certificate(path, user),
        namespace=context.get("namespace", "default"),
    )


def _named(document: dict[str, Any], what: str, name: str) -> dict[str, Any]:
    for each in document.get(f"{what}s") or []:
        if each["name"] == name:
            found: dict[str, Any] = each[what]
            return found
    if what == "user" and not name:
        return {}
    raise KeyError(f"{what} {name!r}")


def _text(path: Path, section: dict[str, Any], member: str) -> str | None:
    data: str | None = section.get(f"{member}-data")
    if data:
        return base64.b64decode(data).decode("ascii")
    file: str | None = section.get(member)
    if file:
        return (path.parent / file).read_text(encoding="ascii")
    return None


def _certificate(path: Path, user: dict[str, Any]) -> tuple[Path, Path] | None:
    if user.get("client-certificate") and user.get("client-key"):
        return path.parent / user["client-certificate"], path.parent / user["client-key"]
    if user.get("client-certificate-data"):
        raise AccessError(f"{path}: write client-certificate and client-key as files: keys are never copied to disk")
    return None
