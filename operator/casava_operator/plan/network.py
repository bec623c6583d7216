"""Who may reach a model's pods, and what they may reach."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from casava_operator.keys import Manifest
from casava_operator.plan.names import child, metadata, plain, selector
from casava_operator.site import Site
from casava_operator.spec import CasavaModel
from casava_operator.spec.peers import NetworkPeer
from casava_wire import net

_HTTPS_PORT = 443
_DNS_PORT = 53
# Instance metadata, and with it the node's cloud credentials, lives on link-local addresses.
_ANYWHERE = (
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}},
    {"ipBlock": {"cidr": "::/0", "except": ["fd00:ec2::/32", "fe80::/10"]}},
)


def network_policy(model: CasavaModel, site: Site) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(model, child(model.name, "casava"), "network"),
        "spec": {
            "podSelector": {"matchLabels": selector(model.name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"from": _clients(model), "ports": [_port(net.API_PORT)]},
                {"from": _watchers(site), "ports": [_port(net.ADMIN_PORT)]},
            ],
            "egress": _egress(model),
        },
    }


def _clients(model: CasavaModel) -> list[Manifest]:
    allowed = model.spec.serving.allow_from
    return [{"namespaceSelector": {}}] if allowed is None else _peers(allowed)


def _watchers(site: Site) -> list[Manifest]:
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": site.operator_namespace}},
        "podSelector": {"matchLabels": dict(site.operator_labels)},
    }
    return [operator, *_peers(site.prometheus)]


def _egress(model: CasavaModel) -> list[Manifest]:
    dns: Manifest = {"ports": [_port(_DNS_PORT, "UDP"), _port(_DNS_PORT)]}
    source = model.spec.model.source
    if not source.startswith("https://"):
        return [dns]
    return [dns, {"to": list(_ANYWHERE), "ports": [_port(urlsplit(source).port or _HTTPS_PORT)]}]


def _port(number: int, protocol: str = "TCP") -> Manifest:
    return {"port": number, "protocol": protocol}


def _peers(peers: Iterable[NetworkPeer]) -> list[Manifest]:
    return [plain(peer) for peer in peers]
