"""The few errors of the control plane, named by what the loop does about them. Anything else is a bug.

Exception
+-- InvalidSpec     the user must edit the spec: no retry before the next generation
|   +-- UnknownGpu  the same, found while placing: said by the condition Placed instead of Accepted
+-- Conflict        somebody else owns the object: say so, try again later
+-- Transient       the API server or the network: back off and try again
"""


class InvalidSpec(Exception):  # noqa: N818 -- named by what is wrong, as are the two below
    """A spec that cannot be served.

    ``path`` names the field as a user writes it, such as ``spec.contracts[0].schema``; ``message`` says what is wrong
    with it and how to mend it, in one sentence. ``others`` counts the further problems that were found.
    """

    def __init__(self, path: str, message: str, others: int = 0) -> None:
        more = f" ({others} more problem{'s' if others > 1 else ''} after this one)" if others else ""
        super().__init__(f"{path}: {message}{more}")
        self.path = path
        self.message = message
        self.others = others


class UnknownGpu(InvalidSpec):
    """A GPU name that is not in the catalogue. Becomes ``Placed=False``; the spec is neither applied nor kept."""


class Conflict(Exception):  # noqa: N818
    """An object that Casava needs belongs to somebody else, or was changed under Casava's hands."""


class Transient(Exception):  # noqa: N818
    """A failure that passes by itself. ``retry_after``: seconds that the server asked for, if it did."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
