"""The contracts of a model looked at on the spot: for the command line, where nothing else waits."""

from casava_operator.contracts.accept import not_strict_anywhere, refusal
from casava_operator.contracts.entries import entries, entry_of
from casava_operator.contracts.examine import examine
from casava_operator.errors import InvalidSpec
from casava_operator.spec import CasavaModel, OutputContract


def check(model: CasavaModel, engine: str) -> None:
    """Raises InvalidSpec for the first contract of a model that ``engine`` cannot serve. References are resolved."""
    for index, entry in enumerate(entries(model)):
        error = refusal(model, index, entry, examine(entry), engine)
        if error is not None:
            raise error


def check_contract(contract: OutputContract) -> None:
    """Raises InvalidSpec for an OutputContract that no model could serve."""
    found = examine(entry_of(contract.spec))
    problem = found.problem or not_strict_anywhere(contract.spec, found)
    if problem is not None:
        raise InvalidSpec("spec.schema", str(problem))
