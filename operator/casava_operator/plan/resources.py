"""A user's resources over Casava's defaults."""

from collections.abc import Mapping

from casava_operator.keys import Manifest
from casava_operator.spec.template import Resources


def merged(defaults: Mapping[str, Mapping[str, str]], own: Resources) -> Manifest:
    """Requests and limits of a container.

    A resource that the user names at all is the user's alone: were a default to fill in its other half, a small limit
    could fall below a default request, and the API server would refuse the pod.
    """
    named = {*own.requests, *own.limits}
    result: Manifest = {}
    for part, given in (("requests", own.requests), ("limits", own.limits)):
        kept = {key: value for key, value in defaults[part].items() if key not in named}
        whole = {**kept, **{key: str(value) for key, value in given.items()}}
        if whole:
            result[part] = whole
    return result
