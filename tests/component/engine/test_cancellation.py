"""A client that leaves frees its sequence at once; counted in the engine, not at the client."""

import http.client
import json
import time

from casava_engine.health import cpu_seconds
from casava_engine.vitals import Vitals, VitalsFile
from casava_wire import tensors as t
from tests.component.engine.triton_calls import generate, streaming
from tests.component.engine_process import EngineProcess, wait_for

# Counting goes on for thousands of tokens: nothing but the cancellation can end it within the test.
LONG = {t.STREAMING: True, t.TEMPERATURE: 0.0, t.MAX_TOKENS: 3000, t.GUIDE_TYPE: t.GUIDE_REGEX, t.GUIDE: "(na ){3000}"}


def vitals(engine: EngineProcess) -> Vitals:
    with VitalsFile(engine.work_dir / "vitals") as file:
        return file.read()


def idle(engine: EngineProcess) -> bool:
    return vitals(engine).running == 0


def computes_nothing(engine: EngineProcess) -> bool:
    """llama.cpp itself has stopped, not only the reading of what it makes."""
    pid = vitals(engine).pid
    before = cpu_seconds(pid)
    time.sleep(0.3)
    return cpu_seconds(pid) - before < 0.1


def test_a_cancelled_grpc_stream_stops_the_generation(engine: EngineProcess) -> None:
    with streaming(engine, {t.TEXT_INPUT: "sing", **LONG}) as stream:
        for number, _ in enumerate(stream):
            if number == 3:
                break
        assert vitals(engine).running == 1
        stream.cancel()
        wait_for(lambda: idle(engine), "the sequence is free", seconds=10)
        wait_for(lambda: computes_nothing(engine), "llama.cpp rests", seconds=10)
    made = vitals(engine).tokens
    generate(engine, "one more", **{t.MAX_TOKENS: 5})
    assert vitals(engine).tokens == made + 5


def test_a_closed_http_connection_stops_the_generation(engine: EngineProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", engine.http_port, timeout=60)
    body = json.dumps({t.TEXT_INPUT: "sing", **LONG})
    connection.request("POST", f"/v2/models/{engine.model}/generate_stream", body)
    response = connection.getresponse()
    assert response.readline().startswith(b"data: ")
    response.close()
    connection.close()
    wait_for(lambda: idle(engine), "the sequence is free", seconds=10)


def test_few_tokens_are_made_after_a_cancellation(engine: EngineProcess) -> None:
    """Of thousands to come; exactly how many more is a race between two processes and a token's time."""
    with streaming(engine, {t.TEXT_INPUT: "sing", **LONG}) as stream:
        next(iter(stream))
        before = vitals(engine).tokens
        stream.cancel()
        wait_for(lambda: idle(engine), "the sequence is free", seconds=10)
    assert vitals(engine).tokens - before < 100


def test_a_request_that_waits_for_its_turn_can_be_cancelled_too(engine: EngineProcess) -> None:
    # Each may grow to the whole context, so that only few fit the KV cache: the rest waits.
    fills = {**LONG, t.MAX_TOKENS: 4000}
    with streaming(engine, {t.TEXT_INPUT: "a", **fills}) as one, streaming(engine, {t.TEXT_INPUT: "b", **fills}) as two:
        with streaming(engine, {t.TEXT_INPUT: "c", **fills}) as three, streaming(engine, {t.TEXT_INPUT: "d", **fills}):
            with streaming(engine, {t.TEXT_INPUT: "e", **fills}) as waiting:
                wait_for(lambda: vitals(engine).waiting == 1, "the fifth waits")
                waiting.cancel()
                wait_for(lambda: vitals(engine).waiting == 0, "the fifth is gone", seconds=10)
                assert vitals(engine).running == 4
            three.cancel()
        one.cancel()
        two.cancel()
    wait_for(lambda: idle(engine), "all sequences are free", seconds=10)


def test_a_prompt_that_is_still_read_can_be_cancelled(engine: EngineProcess) -> None:
    with streaming(engine, {t.TEXT_INPUT: "many words " * 1900, **LONG, t.MAX_TOKENS: 10}) as stream:
        wait_for(lambda: vitals(engine).running == 1, "the prompt is read")
        time.sleep(0.1)
        made = vitals(engine).tokens
        stream.cancel()
        wait_for(lambda: idle(engine), "the sequence is free", seconds=10)
        wait_for(lambda: computes_nothing(engine), "llama.cpp rests", seconds=10)
    assert vitals(engine).tokens == made
