"""Generation through the real tritonserver, with the unmodified tritonclient."""

from tests.component.engine_process import EngineProcess


def test_it_serves(engine: EngineProcess) -> None:
    assert engine.model_info().name == "demo"
