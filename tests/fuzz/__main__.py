"""Coverage-guided fuzzing of the contracts, with atheris.

    python -m tests.fuzz schema|answer [options of libFuzzer, such as -max_total_time=60] [folder of beginnings]

What it finds is kept in tests/unit/contract/validator/test_validator_hostile.py.
"""

import sys

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(include=["casava_contract"]):
    from tests.fuzz import invariants


def _answer(data: bytes) -> None:
    """The first bytes choose the contract and where the answer is cut."""
    contracts = invariants.contracts()
    if len(data) > _HEAD:
        cuts = [data[1] % 64, data[2], data[1] + data[2]]
        invariants.answer_holds(contracts[data[0] % len(contracts)], data[_HEAD:], cuts)


_HEAD = 3
_TARGETS = {"schema": invariants.schema_holds, "answer": _answer}

if __name__ == "__main__":
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], _TARGETS[name])
    atheris.Fuzz()
