"""Which addresses a model may be downloaded from.

A CasavaModel is written by users of a namespace, and the URL in it is opened by a pod of the cluster. Private addresses
are allowed, since model stores live there; this machine itself and the clouds' metadata services, which hand out
credentials, are not. A NetworkPolicy is the other half of that wall.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

# Metadata services outside the link-local range, which is refused as a whole: AWS over IPv6, Alibaba, Azure, Oracle.
_METADATA: Final = frozenset(
    ip_address(text) for text in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
_NAT64: Final = IPv6Network("64:ff9b::/96")  # where clusters without IPv4 reach it through a translator


def allowed(text: str) -> bool:
    """Whether a download may connect to this IP address."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = _inside(address) or address
    refused = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    return not refused and address not in _METADATA


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a connection to this one would reach."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
