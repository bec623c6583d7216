"""What ``casava contract diff`` prints."""

from collections.abc import Iterator

from casava_cli.text import columns
from casava_contract import Contract
from casava_contract.versions import Compatibility, Finding

_SHOWN = 2_000  # characters of an answer


def diff_lines(old: Contract, new: Contract, found: Compatibility) -> Iterator[str]:
    """Both contracts, both answers, and an answer of a model for each no."""
    yield from columns([_headline("old", old), _headline("new", new)], indent="")
    yield ""
    yield from columns(
        [
            ("", "ANSWER", "WHY"),
            ("new takes all that old took", str(found.accepts.answer), found.accepts.reason),
            ("old reads all that new gives", str(found.readable.answer), found.readable.reason),
        ]
    )
    yield from _witness("old takes and new refuses", found.accepts)
    yield from _witness("new takes and old refuses", found.readable)


def _headline(name: str, contract: Contract) -> tuple[str, ...]:
    count = len(contract.rules)
    rules = f"{count} rule{'' if count == 1 else 's'}" if count else ""
    return name, contract.kind, contract.digest, rules


def _witness(what: str, finding: Finding) -> Iterator[str]:
    if finding.witness is None:
        return
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in finding.witness)
    yield ""
    yield f"  {what}:"
    yield f"    {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '...'}"
