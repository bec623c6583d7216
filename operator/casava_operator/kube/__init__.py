"""The API server: which kinds are spoken of, how it is reached, and the few verbs that are used."""

from casava_operator.kube.client import Forbidden, Kube, NotFound, Refused, Terminating

__all__ = ["Forbidden", "Kube", "NotFound", "Refused", "Terminating"]
