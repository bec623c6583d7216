"""What every kind of test shares."""

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers

# Several suites share the machine: slowness of a single example says nothing, and every run must see the same ones.
hypothesis.settings.register_profile(
    "casava", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("casava")
# Else it mixes in the constants of our modules that happen to be loaded, which differ with what ran before in a worker.
_NO_CONSTANTS = providers._local_constants
providers._get_local_constants = lambda: _NO_CONSTANTS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected outputs anew")


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--update-golden"))
