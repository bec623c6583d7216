"""Two versions of a contract, compared."""

from casava_contract.versions.compat import Answer, Compatibility, Finding, compare

__all__ = ["Answer", "Compatibility", "Finding", "compare"]
