"""The engine dies, hangs or is not there yet: clients get the truth, and the sidecar comes back by itself."""

import os
import signal
from pathlib import Path

import openai
import pytest

from tests.component.engine_process import EngineProcess, free_ports, wait_for
from tests.component.sidecar.long_answers import LONG, held_slot, read_all
from tests.component.sidecar.sidecar_process import SidecarProcess

HELLO = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}


def test_before_there_is_an_engine_the_sidecar_lives_is_not_ready_and_says_why(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    sidecar = SidecarProcess(tmp_path / "sidecar", grpc_port=free_ports(1)[0], shared_dir=shared).start()
    try:
        wait_for(lambda: sidecar.status().reason == "ModelInfoMissing", "it says so", seconds=20)
        assert sidecar.get("/livez")[0] == 200
        assert sidecar.get("/readyz")[0] == 503
        (shared / "engine-state.json").write_text('{"stage": "Fetching", "bytesDone": 1, "bytesTotal": 4}')
        engine = sidecar.status().engine
        assert engine is not None
        assert (engine.stage, engine.bytes_done, engine.bytes_total) == ("Fetching", 1, 4)
        (shared / "model.json").write_text("{}")
        wait_for(lambda: sidecar.status().reason == "ModelInfoInvalid", "it says so", seconds=20)
        with sidecar.client() as client, pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(**HELLO)  # type: ignore[call-overload]
        assert caught.value.status_code == 503
        assert caught.value.response.headers["retry-after"]
    finally:
        sidecar.stop()


def test_an_engine_that_dies_ends_its_streams_with_an_error_and_is_used_again_when_it_is_back(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path / "engine").wait_ready()
    sidecar = SidecarProcess(tmp_path / "sidecar", grpc_port=engine.grpc_port, shared_dir=engine.shared_dir)
    sidecar.write_contracts({"long": LONG})
    try:
        sidecar.start().wait_ready()
        with sidecar.client() as client:
            with held_slot(client) as stream:
                os.kill(engine.triton_pid(), signal.SIGKILL)
                with pytest.raises(openai.APIError) as caught:
                    read_all(stream)
            assert caught.value.code == "engine_unavailable"
            wait_for(lambda: not sidecar.ready(), "readiness is off", seconds=20)
            assert sidecar.status().reason == "EngineNotReady"
            with pytest.raises(openai.InternalServerError) as refused:
                client.chat.completions.create(**HELLO)  # type: ignore[call-overload]
            assert refused.value.status_code == 503
            engine.process.wait(30)
            engine.start()
            engine.wait_ready()
            sidecar.wait_ready()
            assert client.chat.completions.create(**HELLO).choices  # type: ignore[call-overload]
    finally:
        sidecar.stop()
        engine.stop()
