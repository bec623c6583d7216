"""Objects as YAML that people read: members in the order in which they were written, long texts as blocks."""

from collections.abc import Iterable
from typing import Any

import yaml

from casava_operator.keys import Manifest


class _Dumper(yaml.SafeDumper):
    """No anchors; texts of several lines as they are."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def as_yaml(objects: Iterable[Manifest]) -> str:
    """One document for each object."""
    return yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
