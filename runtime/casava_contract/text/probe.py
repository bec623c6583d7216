"""Answers that a contract over text allows, made to be hard to match: whether it is usable, not only compiled.

Compiled is not usable: an ambiguous grammar runs out of its limits at some byte of an answer that it allows, or is so
slow there that others wait. Pure and counted; how long it takes is for casava_trial to see.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Final

from casava_contract.errors import ContractError, ErrorCode
from casava_contract.text.contract import TextContract
from casava_contract.verdict import Dead

LENGTH: Final = 1_500  # bytes of one sample
_OPENING: Final = b"([{<\"'"
_GUESSES: Final = 4
_ASCII: Final = 0x80

_Guess = Callable[[bytearray], Iterable[int]]  # bytes that are tried next, of the sample so far


def probe(contract: TextContract, length: int = LENGTH) -> None:
    """Raises ContractError where a sample takes more work than is allowed."""
    rng = Random(0)  # noqa: S311 - so that a trial can be repeated
    alphabet = sorted({byte for byte in contract.text.encode() if byte < _ASCII})
    guesses: tuple[tuple[_Guess, int], ...] = (
        (lambda sample: sample[-1:], length),  # long runs of one lexeme, and ambiguity
        (lambda _: _OPENING, length),  # depth
        (lambda _: rng.choices(alphabet, k=_GUESSES), length),  # what it makes a difference of
        (lambda _: (), length // 5),  # anything
    )
    for guess, most in guesses:
        _sample(contract, guess, rng, most)


def _sample(contract: TextContract, guess: _Guess, rng: Random, length: int) -> None:
    matcher = contract.matcher()
    sample = bytearray()
    while len(sample) < length:
        byte = next(filter(matcher.allows, guess(sample)), None)
        if byte is None:
            allowed = matcher.allowed()  # dear: asked only where guesses fail
            if not allowed:
                return
            byte = rng.choice(allowed)
        sample.append(byte)
        try:
            matcher.take(sample, len(sample) - 1)
        except Dead as dead:
            message = f"an answer that it allows takes too much work at byte {dead.offset}: make it less ambiguous"
            raise ContractError(ErrorCode.LIMIT_GRAMMAR, message) from None
