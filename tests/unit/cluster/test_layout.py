"""Clusters of different names share nothing on the host."""

from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e2e.cluster.layout import MOST_NODES, POD_RANGE, SLOTS, Layout, free_slot, valid_name

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True)


def layout(name: str = "e2e", slot: int = 0) -> Layout:
    return Layout(name, Path("/state") / name, slot)


def names_on_the_host(cluster: Layout) -> set[str]:
    nodes = [cluster.node(index) for index in (1, 2, MOST_NODES)]
    return {cluster.switch, cluster.host_link, cluster.cgroup, *(node.namespace for node in nodes)}


@given(NAMES, NAMES)
def test_two_clusters_have_no_name_on_the_host_in_common(one: str, other: str) -> None:
    if one != other:
        assert not names_on_the_host(layout(one)) & names_on_the_host(layout(other))


def test_a_cluster_named_like_a_node_of_another_keeps_its_own_names() -> None:
    assert not names_on_the_host(layout("a")) & names_on_the_host(layout("a-node-1"))


@given(NAMES)
def test_an_interface_name_fits_into_what_the_kernel_takes(name: str) -> None:
    assert valid_name(name)
    assert len(layout(name).host_link) <= 15


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a.b", "a/b", "..", "a" * 31, "a\n"])
def test_a_name_that_would_reach_elsewhere_is_refused(name: str) -> None:
    assert not valid_name(name)


def test_no_two_slots_overlap() -> None:
    assert not any(one.overlaps(other) for one, other in combinations(SLOTS, 2))


def test_every_address_of_a_cluster_is_its_own_and_lies_in_its_subnet() -> None:
    cluster = layout(slot=3)
    nodes = [cluster.node(index) for index in range(1, MOST_NODES + 1)]
    addresses = [cluster.host_address, cluster.router_address, *(node.address for node in nodes)]
    assert len(set(addresses)) == len(addresses)
    assert all(address in cluster.subnet for address in addresses)
    assert cluster.subnet.broadcast_address not in addresses
    pods = [node.pod_range for node in nodes]
    assert len(set(pods)) == len(pods)
    assert all(each.subnet_of(POD_RANGE) for each in pods)


def test_a_subnet_that_the_host_knows_or_a_cluster_has_is_passed_over() -> None:
    assert free_slot(set(), []) == 0
    assert free_slot({0, 1}, []) == 2
    assert free_slot({0}, [IPv4Network("198.51.100.0/24")]) == 4
    assert free_slot(set(range(len(SLOTS))), []) is None
    assert free_slot(set(), [IPv4Network("0.0.0.0/0")]) is None
