"""TensorRT-LLM 1.2 with ``guided_decoding_backend: llguidance``, which it pins to 0.7.29.

Guides are what they are for llama.cpp: ``json_schema`` goes to llguidance as it is, and ``ebnf_grammar`` means Lark
there. A guide that llguidance refuses fails its request. Guides are tried here with another version, 1.0.1; that 0.7.29
reads them alike is tested.
"""

from casava_contract.lowering.llama_cpp import choice, grammar, regex, schema

__all__ = ["choice", "grammar", "regex", "schema"]
