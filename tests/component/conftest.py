"""One running engine for all component tests: it takes a second to start and 400 MB to hold."""

from collections.abc import Iterator

import pytest

from tests.component.engine_process import EngineProcess


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """A serving casava-engine with SmolLM2. Tests may send requests, never signals, to it."""
    process = EngineProcess(tmp_path_factory.mktemp("engine"))
    try:
        yield process.wait_ready()
    finally:
        process.stop()
