"""From a plan to the API server: write what differs, prune what nothing needs any more."""

from casava_operator.apply.apply import WRITES_AT_ONCE, Applier, Owner

__all__ = ["WRITES_AT_ONCE", "Applier", "Owner"]
