"""Does a live object differ from what is planned? Answered from the object alone, so that nothing is written to ask.

Server-side apply of an unchanged object changes nothing, but it is still a request, and an idle operator makes none.
An apply would change nothing exactly when the fields that the API server has recorded as applied by this manager are
the planned ones, and the live object holds every planned value. That record (``metadata.managedFields``) also says
how each list is merged, so no table of kinds is needed. Its format: Kubernetes' "Server-Side Apply", FieldsV1.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from casava_operator.keys import Manifest
from casava_wire import labels

Fields = Mapping[str, Any]

_NOT_APPLIED: Final = {"apiVersion", "kind"}
_IDENTITY: Final = {"name", "namespace", "uid"}
_QUANTITIES: Final = {"limits", "requests", "sizeLimit"}
_SUFFIXES: Final = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12, "P": Decimal(10) ** 15,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30, "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
}  # fmt: skip


def differs(desired: Manifest, live: Manifest, *, subresource: str = "") -> bool:
    """True when an apply of ``desired`` would change ``live``, or who owns its fields."""
    fields = _applied_fields(live, subresource)
    if fields is None:
        return True
    planned = {name: value for name, value in desired.items() if name not in _NOT_APPLIED}
    planned["metadata"] = {name: value for name, value in desired["metadata"].items() if name not in _IDENTITY}
    if not planned["metadata"]:
        del planned["metadata"]
    return not _same(planned, live, fields, "")


def applied(live: Manifest) -> Manifest | None:
    """What this manager applied last, as far as it is still there: a manifest that can be applied again.

    None when it never applied anything.
    """
    fields = _applied_fields(live, "")
    if fields is None:
        return None
    own: Manifest = _select(live, fields)
    own["apiVersion"], own["kind"] = live["apiVersion"], live["kind"]
    own.setdefault("metadata", {})
    for name in ("name", "namespace"):
        own["metadata"][name] = live["metadata"][name]
    return own


def _applied_fields(live: Manifest, subresource: str) -> Fields | None:
    for entry in live["metadata"].get("managedFields", []):
        ours = entry.get("manager") == labels.FIELD_MANAGER and entry.get("operation") == "Apply"
        if ours and entry.get("subresource", "") == subresource:
            fields: Fields = entry["fieldsV1"]
            return fields
    return None


def _same(desired: Any, live: Any, fields: Fields, name: str) -> bool:
    below = {key: sub for key, sub in fields.items() if key != "."}
    if not below:
        return _holds(desired, live, name)
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and _same_members(desired, live, below, name)
    if isinstance(desired, list):
        return isinstance(live, list) and _same_items(desired, live, below)
    return False


def _same_members(desired: Mapping[str, Any], live: Mapping[str, Any], fields: Fields, parent: str) -> bool:
    names = {name for name, value in desired.items() if value is not None}
    if names != {key.removeprefix("f:") for key in fields}:
        return False
    return all(
        name in live
        and _same(desired[name], live[name], fields[f"f:{name}"], name if parent not in _QUANTITIES else parent)
        for name in names
    )


def _same_items(desired: list[Any], live: list[Any], fields: Fields) -> bool:
    """A list whose items are owned one by one: by value (a set) or by the members that identify them."""
    if len(desired) != len(fields):
        return False
    for key, below in fields.items():
        what = orjson.loads(key[2:])
        if key.startswith("v:"):
            if what not in desired or what not in live:
                return False
            continue
        wanted, found = _item(desired, what), _item(live, what)
        if wanted is None or found is None:
            return False
        if not below.keys() - {"."}:
            if not _holds(wanted, found, ""):
                return False
            continue
        # The identifying members were compared already, and may be defaults that the plan leaves out.
        members = {name: sub for name, sub in below.items() if name.removeprefix("f:") not in what and name != "."}
        rest = {name: value for name, value in wanted.items() if name not in what}
        if not _same_members(rest, found, members, ""):
            return False
    return True


def _holds(desired: Any, live: Any, name: str) -> bool:
    """A value owned as a whole: equal, but for defaults that the API server filled in below it."""
    if isinstance(desired, Mapping):
        below = {key: value for key, value in desired.items() if value is not None}
        inherited = name if name in _QUANTITIES else ""
        return isinstance(live, Mapping) and all(
            key in live and _holds(value, live[key], inherited or key) for key, value in below.items()
        )
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(live) == len(desired)
            and all(_holds(one, other, name) for one, other in zip(desired, live, strict=True))
        )
    if name in _QUANTITIES and not isinstance(desired, bool):
        return bool(live == desired) or (_quantity(desired) is not None and _quantity(live) == _quantity(desired))
    return type(live) is type(desired) and bool(live == desired)


def _quantity(value: Any) -> Decimal | None:
    text = str(value)
    number = text.rstrip("numkMGTPKi")
    try:
        return Decimal(number) * _SUFFIXES[text[len(number) :]]
    except (InvalidOperation, KeyError):
        return None


def _item(items: Any, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if not isinstance(items, Sequence) or isinstance(items, str):
        return None
    for each in items:
        # A member that the plan leaves out is one that has a default, such as a port's protocol.
        if isinstance(each, Mapping) and all(each.get(name, value) == value for name, value in key.items()):
            return each
    return None


def _select(live: Any, fields: Fields) -> Any:
    """The part of ``live`` that a tree of owned fields names."""
    below = {key: value for key, value in fields.items() if key != "."}
    if not below:
        return live
    if isinstance(live, Mapping):
        names = {key.removeprefix("f:"): sub for key, sub in below.items()}
        return {name: _select(live[name], sub) for name, sub in names.items() if name in live}
    # In the order of the live list: another order of volumes or containers would be another pod template.
    keyed = [(orjson.loads(key[2:]), key, sub) for key, sub in below.items()]
    return [chosen for item in live for chosen in _chosen(item, keyed)]


def _chosen(item: Any, keyed: Sequence[tuple[Any, str, Fields]]) -> Iterator[Any]:
    for what, key, sub in keyed:
        if key.startswith("v:"):
            if item == what:
                yield item
        elif _item([item], what) is not None:
            yield {**what, **_select(item, sub)}
