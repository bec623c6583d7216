"""Names of Triton's tensors, one set for every engine.

They are those of TensorRT-LLM's ``llmapi`` model (NVIDIA/TensorRT-LLM,
``triton_backend/all_models/llmapi/tensorrt_llm/config.pbtxt``), so that a client of one engine is a client of all,
plus two families that upstream's model lacks: the guided-decoding inputs and the token counts, both named as in
upstream's ``inflight_batcher_llm``.
"""

from typing import Final

# Inputs. Shapes and types are Triton's: STRING[-1], BOOL[1], INT32[1], FP32[1], UINT64[1].
TEXT_INPUT: Final = "text_input"  # STRING[-1], one prompt, already rendered by the chat template
STREAMING: Final = "streaming"  # BOOL[1]
MAX_TOKENS: Final = "sampling_param_max_tokens"  # INT32[1]
TEMPERATURE: Final = "sampling_param_temperature"  # FP32[1]
TOP_P: Final = "sampling_param_top_p"  # FP32[1]
TOP_K: Final = "sampling_param_top_k"  # INT32[1]
FREQUENCY_PENALTY: Final = "sampling_param_frequency_penalty"  # FP32[1]
PRESENCE_PENALTY: Final = "sampling_param_presence_penalty"  # FP32[1]
SEED: Final = "sampling_param_seed"  # UINT64[1]
STOP: Final = "sampling_param_stop"  # STRING[-1]
EXCLUDE_INPUT: Final = "sampling_param_exclude_input_from_output"  # BOOL[1], default true
RETURN_FINISH_REASON: Final = "return_finish_reason"  # BOOL[1]
RETURN_STOP_REASON: Final = "return_stop_reason"  # BOOL[1]
RETURN_NUM_INPUT_TOKENS: Final = "return_num_input_tokens"  # BOOL[1]
RETURN_NUM_OUTPUT_TOKENS: Final = "return_num_output_tokens"  # BOOL[1]
GUIDE_TYPE: Final = "guided_decoding_guide_type"  # STRING[1], one of GUIDE_TYPES
GUIDE: Final = "guided_decoding_guide"  # STRING[1], the schema or grammar; absent for "json"

# Outputs. With streaming each response holds the new text alone; without, one response holds all of it.
TEXT_OUTPUT: Final = "text_output"  # STRING[-1]
FINISH_REASON: Final = "finish_reason"  # STRING[-1], "stop" or "length", on the last response
STOP_REASON: Final = "stop_reason"  # STRING[-1], the stop word that was met, or ""
NUM_INPUT_TOKENS: Final = "num_input_tokens"  # INT32[1], on the last response
NUM_OUTPUT_TOKENS: Final = "num_output_tokens"  # INT32[1], on every response: tokens generated so far

GUIDE_JSON: Final = "json"
GUIDE_JSON_SCHEMA: Final = "json_schema"
GUIDE_REGEX: Final = "regex"
GUIDE_EBNF: Final = "ebnf_grammar"
GUIDE_TYPES: Final = (GUIDE_JSON, GUIDE_JSON_SCHEMA, GUIDE_REGEX, GUIDE_EBNF)

# How the text of an engine's error begins, since an error inside a stream has no code. Anything else is the engine's
# own fault.
ERROR_INVALID: Final = "invalid request: "  # a parameter or a guide that the engine does not take
ERROR_CONTEXT: Final = "context length exceeded: "  # the prompt, or the prompt and the tokens asked for, do not fit
