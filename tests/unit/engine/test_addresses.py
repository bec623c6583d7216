"""Which addresses a download may connect to."""

import pytest

from casava_engine.addresses import allowed


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "10.1.2.3", "192.168.0.9", "2606:2800:220:1::1", "fd12::1", "64:ff9b::5db8:d822"]
)
def test_public_and_private_hosts_are_allowed(address: str) -> None:
    assert allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",  # noqa: S104 - nothing is bound
            "::",
            "169.254.169.254",
            "::ffff:169.254.169.254",
        ),
        *(
            "fe80::1%eth0",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ),
    ],
)
def test_this_machine_and_metadata_services_are_not(address: str) -> None:
    assert not allowed(address)
