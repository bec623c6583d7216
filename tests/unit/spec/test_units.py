"""Durations and quantities mean what Kubernetes means by them."""

from decimal import Decimal

import pytest

from casava_operator.spec.units import amount, seconds


@pytest.mark.parametrize(
    ("text", "value"), [("90s", 90), ("1m30s", 90), ("500ms", 0.5), ("2h", 7200), ("1h0m1s", 3601), ("0s", 0)]
)
def test_a_duration_has_its_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "90", "s", "1d", "-1s", "1.5h", "1s ", "1m 30s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", "0.5"),
        ("2", "2"),
        (3, "3"),
        ("1Ki", "1024"),
        ("8Gi", str(8 * 2**30)),
        ("1k", "1000"),
        ("1.5G", "1500000000"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1E", str(10**18)),
        ("1E2", "100"),
        ("1Ei", str(2**60)),
    ],
)
def test_a_quantity_has_its_amount(text: str | int, value: str) -> None:
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "-1", "1KiB", "lots", "1 Gi", "Gi"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        amount(text)
