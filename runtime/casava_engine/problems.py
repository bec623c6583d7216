"""Why a model cannot be served now, as data: a stable reason and a sentence for a person."""

from casava_wire.reasons import EngineReason


class ModelProblem(Exception):  # noqa: N818 - a state of the world that is reported and retried, not a bug
    """The model cannot be served now.

    ``message`` says the cause and the fix. ``final``: nothing but a new configuration helps.
    """

    def __init__(self, reason: EngineReason, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.final = final


class Stopped(Exception):  # noqa: N818 - the way out of long work when the container is asked to stop
    """The process was asked to stop while it worked."""
