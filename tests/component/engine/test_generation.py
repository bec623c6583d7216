"""Generation through the real tritonserver and llama.cpp."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from casava_wire import tensors as t
from tests.component.engine.triton_calls import EVERYTHING, generate, http_events, refusal
from tests.component.engine_process import EngineProcess

FRANCE = "The capital of France is"


def test_a_stream_comes_in_pieces_that_count_up_to_the_whole(engine: EngineProcess) -> None:
    answer = generate(engine, FRANCE, **{t.MAX_TOKENS: 12})
    assert answer.text.startswith(" Paris")
    assert len([piece for piece in answer.pieces if piece]) > 1
    assert list(answer.counts) == sorted(answer.counts)
    assert answer.counts[-1] == 12
    assert (answer.finish_reason, answer.input_tokens) == ("length", 5)


def test_without_streaming_one_response_holds_the_same_text(engine: EngineProcess) -> None:
    stream = generate(engine, FRANCE, **{t.MAX_TOKENS: 12})
    whole = generate(engine, FRANCE, **{t.MAX_TOKENS: 12, t.STREAMING: False})
    assert whole.pieces == (stream.text,)
    assert whole.counts == (12,)


def test_generate_stream_over_http_gives_the_same(engine: EngineProcess) -> None:
    wanted = {t.TEXT_INPUT: FRANCE, t.STREAMING: True, t.TEMPERATURE: 0.0, t.MAX_TOKENS: 12, **EVERYTHING}
    events = http_events(engine, **wanted)
    assert "".join(event[t.TEXT_OUTPUT] for event in events) == generate(engine, FRANCE, **{t.MAX_TOKENS: 12}).text
    assert (events[-1][t.FINISH_REASON], events[-1][t.NUM_OUTPUT_TOKENS]) == ("length", 12)


def test_only_outputs_that_were_asked_for_come(engine: EngineProcess) -> None:
    events = http_events(engine, **{t.TEXT_INPUT: FRANCE, t.STREAMING: True, t.MAX_TOKENS: 3})
    assert {key for event in events for key in event} == {"model_name", "model_version", t.TEXT_OUTPUT}


def test_the_same_seed_gives_the_same_text_and_another_seed_another(engine: EngineProcess) -> None:
    wanted = {t.MAX_TOKENS: 24, t.TEMPERATURE: 1.0}
    first, again, other = (generate(engine, "Once upon a time", **wanted, **{t.SEED: seed}) for seed in (7, 7, 8))
    assert first.text == again.text != other.text


def test_a_stop_word_ends_the_text_before_it_and_is_named(engine: EngineProcess) -> None:
    free = generate(engine, FRANCE, **{t.MAX_TOKENS: 24})
    word = free.text.split()[3]
    answer = generate(engine, FRANCE, **{t.MAX_TOKENS: 24, t.STOP: ["never to be seen", word]})
    assert answer.text == free.text[: free.text.index(word)]
    assert (answer.finish_reason, answer.stop_reason) == ("stop", word)


def test_the_end_of_a_text_is_a_stop_without_a_stop_word(engine: EngineProcess) -> None:
    prompt = "<|im_start|>user\nSay yes.<|im_end|>\n<|im_start|>assistant\n"
    answer = generate(engine, prompt, **{t.MAX_TOKENS: 64})
    assert (answer.finish_reason, answer.stop_reason) == ("stop", "")
    assert "<|im_end|>" not in answer.text


def test_special_tokens_of_a_prompt_are_tokens(engine: EngineProcess) -> None:
    plain, special = (
        generate(engine, text, **{t.MAX_TOKENS: 1}).input_tokens for text in ("user", "<|im_start|>user<|im_end|>")
    )
    assert special == plain + 2


def test_the_prompt_is_repeated_only_when_asked_for(engine: EngineProcess) -> None:
    answer = generate(engine, FRANCE, **{t.MAX_TOKENS: 4, t.EXCLUDE_INPUT: False})
    assert answer.text == FRANCE + generate(engine, FRANCE, **{t.MAX_TOKENS: 4}).text


def test_penalties_change_a_text_that_repeats_itself(engine: EngineProcess) -> None:
    wanted = {t.MAX_TOKENS: 32}
    plain = generate(engine, "na na na na na na", **wanted)
    penalized = generate(engine, "na na na na na na", **wanted, **{t.FREQUENCY_PENALTY: 2.0, t.PRESENCE_PENALTY: 2.0})
    assert penalized.text != plain.text


def test_a_piece_never_splits_a_character(engine: EngineProcess) -> None:
    prompt = "Emojis: 😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😗 "
    answer = generate(engine, prompt, **{t.MAX_TOKENS: 48})
    assert any(ord(char) > 0xFFFF for char in answer.text)
    assert not any("\ufffd" in piece for piece in answer.pieces)
    assert answer.counts[-1] == 48


def test_eight_streams_at_once_each_get_their_own_text(engine: EngineProcess) -> None:
    def ask(number: int) -> str:
        return generate(
            engine, FRANCE, **{t.MAX_TOKENS: 64, t.GUIDE_TYPE: t.GUIDE_REGEX, t.GUIDE: f"(stream {number}, ){{6}}"}
        ).text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [f"stream {number}, " * 6 for number in range(8)]


def test_more_requests_than_sequences_wait_for_their_turn(engine: EngineProcess) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: generate(engine, FRANCE, **{t.MAX_TOKENS: 4}), range(20)))
    assert {answer.counts[-1] for answer in answers} == {4}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({t.MAX_TOKENS: 0}, "sampling_param_max_tokens must be at least 1"),
        ({t.TEMPERATURE: -1.0}, "sampling_param_temperature must be between 0 and 100"),
        ({t.TOP_P: float("nan")}, "sampling_param_top_p must be between 0 and 1"),
        ({t.FREQUENCY_PENALTY: 9.0}, "sampling_param_frequency_penalty must be between -2 and 2"),
        ({t.STOP: ["x"] * 17}, "sampling_param_stop: at most 16 words"),
        ({t.GUIDE_TYPE: "xml"}, "guided_decoding_guide_type must be one of"),
        ({t.GUIDE: "{}"}, "guided_decoding_guide needs guided_decoding_guide_type"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_tensor(
    engine: EngineProcess, values: dict[str, object], message: str
) -> None:
    told = refusal(engine, FRANCE, **values)
    assert told.startswith(t.ERROR_INVALID)
    assert message in told


def test_an_empty_prompt_is_refused(engine: EngineProcess) -> None:
    assert refusal(engine, "") == f"{t.ERROR_INVALID}text_input is empty"


def test_a_prompt_longer_than_the_context_is_refused_with_the_numbers(engine: EngineProcess) -> None:
    told = refusal(engine, "word " * 6000, **{t.MAX_TOKENS: 1})
    assert told.startswith(t.ERROR_CONTEXT)
    assert "6001 tokens" in told
    assert "4096" in told


def test_logs_hold_no_prompt_no_guide_and_no_answer(engine: EngineProcess) -> None:
    secret = "xylophone-4711"
    generate(engine, f"{secret} {secret} {secret}", **{t.MAX_TOKENS: 16})
    refusal(engine, f"{secret} " * 3000, **{t.MAX_TOKENS: 1})
    refusal(engine, secret, **{t.GUIDE_TYPE: t.GUIDE_EBNF, t.GUIDE: f"root ::= {secret} ("})
    refusal(
        engine,
        secret,
        **{t.GUIDE_TYPE: t.GUIDE_JSON_SCHEMA, t.GUIDE: f'{{"type":"array","uniqueItems":true,"title":"{secret}"}}'},
    )
    refusal(engine, secret, **{t.GUIDE_TYPE: t.GUIDE_REGEX, t.GUIDE: f"(?={secret})x"})
    generate(engine, "after all that, the log is flushed", **{t.MAX_TOKENS: 1})
    assert "xylophone" not in engine.log
    assert "Paris" not in engine.log
