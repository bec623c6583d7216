"""The libraries that engines decode with, at the versions that the engines hold, over a vocabulary of single bytes.

llama.cpp: llguidance 1.0.1, with the limits that it leaves at their defaults. TensorRT-LLM 1.2 pins llguidance 0.7.29
and xgrammar 0.1.25; the set-up installs them beside the virtual environment's packages. Of xgrammar the library itself
is loaded: the Python around it wants torch, and adds defaults only, which are the ones used here.
"""

import importlib.util
import sys
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Protocol

import llguidance
import numpy as np

from casava_contract import Lowering

_FOLDER = Path(sys.prefix) / "tensorrt-llm"
_STOP = 256


class Walker(Protocol):
    """One answer, as an engine decodes it byte by byte."""

    def take(self, data: bytes) -> bool:
        """Whether all of it may come next."""

    def may_end(self) -> bool: ...

    def allowed(self) -> list[int]:
        """The bytes that may come next."""


class _LlGuidance:
    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def take(self, data: bytes) -> bool:
        return bool(self._matcher.try_consume_tokens(list(data)) == len(data))

    def may_end(self) -> bool:
        return bool(self._matcher.is_accepting())

    def allowed(self) -> list[int]:
        return [] if self._matcher.is_stopped() else _bytes_of(self._matcher.compute_bitmask())


class _XGrammar:
    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def take(self, data: bytes) -> bool:
        return all(self._matcher.accept_token(byte, False) for byte in data)

    def may_end(self) -> bool:
        mask = self._mask()
        return bool(mask[_STOP // 8] >> (_STOP % 8) & 1)

    def allowed(self) -> list[int]:
        return _bytes_of(self._mask())

    def _mask(self) -> bytes:
        mask = np.zeros((1, _STOP // 32 + 1), dtype=np.int32)
        self._matcher.fill_next_token_bitmask(mask, 0, False)
        return mask.tobytes()


def walker(engine: str, lowering: Lowering) -> Walker:
    """Raises ValueError where the engine refuses the guide."""
    if engine == "tensorrt-llm-xgrammar":
        assert lowering.guide_type == "ebnf_grammar"
        return _XGrammar(_xgrammar()[0].GrammarMatcher(_ebnf(lowering.guide), None, False, -1))
    return _LlGuidance(_llguidance(engine, lowering.guide_type, lowering.guide).deep_copy())


def accepts(engine: str, lowering: Lowering, document: str) -> bool:
    """Whether the engine could have decoded exactly this document."""
    walk = walker(engine, lowering)
    return walk.take(document.encode()) and walk.may_end()


def sample(engine: str, lowering: Lowering, random: Random, *, length: int = 400) -> str | None:
    """A random document of the engine's language; None when this walk came to no end within ``length`` bytes."""
    walk = walker(engine, lowering)
    out = bytearray()
    while len(out) < length:
        options = walk.allowed()
        if walk.may_end() and (not options or random.random() < 0.4):
            return out.decode(errors="replace")
        if not options:
            return None  # a dead end: the engine ends the answer there, and the sidecar finds it incomplete
        byte = random.choice(_preferred(options, random, hurry=len(out) > length // 3))
        assert walk.take(bytes([byte]))
        out.append(byte)
    return None


def _preferred(allowed: list[int], random: Random, *, hurry: bool) -> list[int]:
    """Mostly bytes that end things or make short ones, so that documents end."""
    closing = [byte for byte in allowed if byte in b'"]}']
    if closing and random.random() < (0.8 if hurry else 0.3):
        return closing
    common = [byte for byte in allowed if byte in b'abkxyz019-.,:"{}[]tfn ']
    return common if common and random.random() < 0.85 else allowed


@lru_cache(maxsize=64)
def _llguidance(engine: str, guide_type: str, guide: str) -> Any:
    if engine == "llama-cpp":  # casava_engine.triton_model.guide
        library: Any = llguidance
        grammar = f"%llguidance {{}}\nstart: %json {guide}" if guide_type == "json_schema" else guide
    else:  # tensorrt_llm/_torch/pyexecutor/grammar_matcher.py
        library = _pinned()
        read = library.LLMatcher.grammar_from_json_schema
        grammar = (read if guide_type == "json_schema" else library.LLMatcher.grammar_from_lark)(guide)
    made = library.LLMatcher(_tokenizer(library), grammar, log_level=0)
    if made.is_error():
        raise ValueError(made.get_error())
    return made


@cache
def _tokenizer(library: ModuleType) -> Any:
    return library.LLTokenizer("byte")


@cache
def _pinned() -> ModuleType:
    """TensorRT-LLM's llguidance, under another name beside the one of llama.cpp."""
    return _load("llguidance_of_tensorrt_llm", _FOLDER / "llguidance" / "__init__.py")


@cache
def _xgrammar() -> tuple[Any, Any]:
    """The library, and a compiler as TensorRT-LLM makes it."""
    library: Any = _load("xgrammar_bindings", next((_FOLDER / "xgrammar").glob("xgrammar_bindings*.so")))
    words = [bytes([byte]) for byte in range(_STOP)] + [b"</s>"]
    vocabulary = library.TokenizerInfo(words, 0, _STOP + 1, [_STOP], False)
    return library, library.GrammarCompiler(vocabulary, 8, True, 1 << 30)


@lru_cache(maxsize=64)
def _ebnf(guide: str) -> Any:
    try:
        return _xgrammar()[1].compile_grammar(guide, "root")
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def _load(name: str, file: Path) -> ModuleType:
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folder)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _bytes_of(mask: bytes) -> list[int]:
    return [byte for byte in range(_STOP) if mask[byte // 8] >> (byte % 8) & 1]
