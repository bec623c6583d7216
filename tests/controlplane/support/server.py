"""A real etcd and kube-apiserver, as two processes on loopback."""

import os
import secrets
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import yaml

from e2e.cluster.tools import tool

START_SECONDS = 60


@dataclass(frozen=True)
class ApiServer:
    """A running API server: no controllers, no scheduler, no kubelet. Tests play those parts."""

    url: str
    token: str  # of a member of system:masters
    ca_file: Path
    folder: Path
    processes: tuple["subprocess.Popen[bytes]", ...]

    def kubeconfig(self, path: Path, *, server: str | None = None, token: str | None = None) -> Path:
        """Write a kubeconfig; ``server`` may be a proxy's address."""
        cluster = {"server": server or self.url, "certificate-authority": str(self.ca_file)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token or self.token}}],
        }
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path

    def stop(self) -> None:
        """End both processes, the API server first."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(folder: Path, *, fsync: bool = False, users: dict[str, str] | None = None) -> ApiServer:
    """Start both and wait until the API server is ready. ``users``: further users, token -> name.

    Without fsync etcd is faster than any real one; benchmarks say which they used.
    """
    token = secrets.token_hex(16)
    rows = [f"{token},admin,admin,system:masters", *(f"{key},{name},{name}" for key, name in (users or {}).items())]
    (folder / "tokens.csv").write_text("\n".join(rows) + "\n", encoding="ascii")
    subprocess.run(
        ["openssl", "genrsa", "-out", str(folder / "sa.key"), "2048"], check=True, capture_output=True, timeout=60
    )
    etcd_port, peer_port, port = free_port(), free_port(), free_port()
    etcd = _spawn(
        folder,
        "etcd",
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls=http://127.0.0.1:{etcd_port}",
        f"--advertise-client-urls=http://127.0.0.1:{etcd_port}",
        f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer_port}",
        f"--initial-cluster=default=http://127.0.0.1:{peer_port}",
        "--log-level=error",
        *([] if fsync else ["--unsafe-no-fsync"]),
    )
    apiserver = _spawn(
        folder,
        "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}/pki",
        f"--token-auth-file={folder}/tokens.csv",
        "--authorization-mode=RBAC",
        f"--service-account-key-file={folder}/sa.key",
        f"--service-account-signing-key-file={folder}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/16",
        "--disable-admission-plugins=ServiceAccount",
    )
    server = ApiServer(
        url=f"https://127.0.0.1:{port}",
        token=token,
        ca_file=folder / "pki" / "apiserver.crt",
        folder=folder,
        processes=(etcd, apiserver),
    )
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _spawn(folder: Path, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    with (folder / f"{program}.log").open("wb") as log:
        return subprocess.Popen(
            [str(tool(program)), *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ}
        )


def _wait_until_ready(server: ApiServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for process in server.processes:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended with {process.returncode}: see {server.folder}")
        try:
            context = ssl.create_default_context(cafile=str(server.ca_file))
            request = urllib.request.Request(  # noqa: S310 -- https on loopback
                f"{server.url}/readyz", headers={"Authorization": f"Bearer {server.token}"}
            )
            with urllib.request.urlopen(request, context=context, timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (OSError, urllib.error.URLError, ssl.SSLError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the API server did not become ready in {START_SECONDS} s: see {server.folder}")
