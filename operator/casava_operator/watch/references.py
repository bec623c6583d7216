"""Which models refer to which OutputContracts, and which versions of a contract there are. Part of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from casava_operator.keys import ContractKey, Key, Manifest, Work
from casava_operator.kube.resources import CASAVA_MODEL, CONTROLLER_REVISION, OUTPUT_CONTRACT, Resource
from casava_operator.spec.contracts import object_name

_OF_INTEREST: Final = (CASAVA_MODEL, CONTROLLER_REVISION, OUTPUT_CONTRACT)


@dataclass(frozen=True)
class _Said:
    """What one object says: the model ``by`` refers to ``to``. ``rank`` is None of the model itself, and of an accepted
    spec its place in the order of them."""

    by: Key
    to: frozenset[ContractKey]
    rank: int | None


@dataclass
class References:
    """Knows objects by their uid. Methods that change it return whose reconciling that calls for."""

    _said: dict[str, _Said] = field(default_factory=dict)
    _of_model: dict[Key, set[str]] = field(default_factory=dict)  # uids of what a model and its revisions say
    _of_contract: dict[ContractKey, set[Key]] = field(default_factory=dict)  # models of which something refers to it
    _there: dict[ContractKey, str] = field(default_factory=dict)  # uid of each contract
    _keys: dict[str, ContractKey] = field(default_factory=dict)  # the same, turned round
    _versions: dict[tuple[str, str], set[ContractKey]] = field(default_factory=dict)  # by namespace and contract

    def remember(self, resource: Resource, body: Manifest, owner: Key | None) -> set[Work]:
        """Take note of an object that is new or has changed."""
        if resource not in _OF_INTEREST:
            return set()
        uid = body["metadata"]["uid"]
        if resource is OUTPUT_CONTRACT:
            return self._appeared(uid, ContractKey(body["metadata"]["namespace"], body["metadata"]["name"]))
        if owner is None:
            return self.forget(uid)
        rank = None if resource is CASAVA_MODEL else int(body.get("revision") or 0)
        named = _in_spec(body.get("spec") or {}) if rank is None else (body.get("data") or {}).get("contracts") or ()
        said = _Said(owner, frozenset(ContractKey(owner.namespace, object_name(str(each))) for each in named), rank)
        if self._said.get(uid) == said:
            return set()
        changed = self._unsay(uid) | self._all_of(owner)
        self._said[uid] = said
        self._of_model.setdefault(owner, set()).add(uid)
        for key in said.to:
            self._of_contract.setdefault(key, set()).add(owner)
        return changed | said.to

    def forget(self, uid: str) -> set[Work]:
        """Drop what an object said, or the contract that it was."""
        key = self._keys.pop(uid, None)
        if key is None:
            return self._unsay(uid)
        if self._there.get(key) != uid:  # another one has its name by now
            return set()
        del self._there[key]
        concerned = self._concerned(key)
        _discard(self._versions, _stem(key), key)
        return {key, *concerned}

    def contracts(self) -> set[ContractKey]:
        """Every contract that is there."""
        return set(self._there)

    def is_there(self, key: ContractKey) -> str | None:
        """The uid of a contract, if there is one of that name."""
        return self._there.get(key)

    def former(self, key: ContractKey) -> ContractKey | None:
        """The version of the same contract that comes before, of those that are there."""
        return max(
            (each for each in self._versions.get(_stem(key), ()) if _number(each) < _number(key)),
            key=_number,
            default=None,
        )

    def users(self, key: ContractKey) -> list[Key]:
        """Models whose spec refers to a contract, or whose last accepted spec does, in order of their names."""
        return sorted(model for model in self._of_contract.get(key, ()) if key in self._in_force(model))

    def _in_force(self, model: Key) -> set[ContractKey]:
        said = [self._said[uid] for uid in self._of_model.get(model, ())]
        newest = max((each.rank for each in said if each.rank is not None), default=None)
        return {key for each in said if each.rank is None or each.rank == newest for key in each.to}

    def _all_of(self, model: Key) -> set[Work]:
        return {key for uid in self._of_model.get(model, ()) for key in self._said[uid].to}

    def _unsay(self, uid: str) -> set[Work]:
        said = self._said.pop(uid, None)
        if said is None:
            return set()
        _discard(self._of_model, said.by, uid)
        left = self._all_of(said.by)
        for key in said.to - left:
            _discard(self._of_contract, key, said.by)
        return left | said.to

    def _appeared(self, uid: str, key: ContractKey) -> set[Work]:
        """Nothing of a contract changes: that it is there is all that its models and the next version wait for."""
        if self._there.get(key) == uid:
            return {key}
        self._there[key] = uid
        self._keys[uid] = key
        self._versions.setdefault(_stem(key), set()).add(key)
        return {key, *self._concerned(key)}

    def _concerned(self, key: ContractKey) -> set[Work]:
        """Whoever looks at a contract: models that refer to it, and the versions that come after it."""
        later = (each for each in self._versions.get(_stem(key), ()) if _number(each) > _number(key))
        return {*self._of_contract.get(key, ()), *later}


def _discard(sets: dict[Any, set[Any]], name: Any, value: Any) -> None:
    """Take a value out of one of the sets, and the set away when it is empty."""
    if name in sets:
        sets[name].discard(value)
        if not sets[name]:
            del sets[name]


def _in_spec(spec: Mapping[str, Any]) -> list[str]:
    return [str(each["contractRef"]) for each in spec.get("contracts") or () if each.get("contractRef")]


def _stem(key: ContractKey) -> tuple[str, str]:
    return key.namespace, key.name.rpartition("-v")[0]


def _number(key: ContractKey) -> int:
    number = key.name.rpartition("-v")[2]
    return int(number) if number.isdecimal() else 0
