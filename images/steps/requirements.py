"""Print what pyproject.toml asks for, one requirement a line: a layer of dependencies then outlives other edits.

`requirements.py PYPROJECT extra NAME`  what `casava[NAME]` needs
`requirements.py PYPROJECT build`       what building the wheel needs
`--only A,B` and `--without A,B` keep or leave out distributions by name.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OURS = re.compile(r"casava\[([a-z0-9,_-]+)\]")


def name_of(requirement: str) -> str:
    """The distribution's name in `name[extra]>=1,<2`, normalised."""
    found = _NAME.match(requirement)
    if found is None:
        raise ValueError(f"{requirement!r} in pyproject.toml names no distribution: write it as 'name>=1,<2'")
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _expand(project: Mapping[str, Any], extra: str) -> Iterator[str]:
    for requirement in project["optional-dependencies"][extra]:
        ours = _OURS.match(requirement)
        if ours is None:
            yield requirement
        else:
            for nested in ours[1].split(","):
                yield from _expand(project, nested)


def of_extra(pyproject: Mapping[str, Any], extra: str) -> list[str]:
    """Every requirement of `casava[extra]`, sorted, each once."""
    project = pyproject["project"]
    return sorted({*project["dependencies"], *_expand(project, extra)})


def select(requirements: Sequence[str], *, only: frozenset[str], without: frozenset[str]) -> list[str]:
    """`requirements` whose names are in `only` (if it is not empty) and not in `without`."""
    return [r for r in requirements if (not only or name_of(r) in only) and name_of(r) not in without]


def _names(text: str) -> frozenset[str]:
    return frozenset(name_of(part) for part in text.split(",") if part)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pyproject", type=Path)
    parser.add_argument("kind", choices=("extra", "build"))
    parser.add_argument("extra", nargs="?", default="")
    parser.add_argument("--only", type=_names, default=frozenset())
    parser.add_argument("--without", type=_names, default=frozenset())
    args = parser.parse_args(arguments)
    pyproject = tomllib.loads(args.pyproject.read_text(encoding="utf-8"))
    wanted = of_extra(pyproject, args.extra) if args.kind == "extra" else sorted(pyproject["build-system"]["requires"])
    sys.stdout.writelines(f"{line}\n" for line in select(wanted, only=args.only, without=args.without))


if __name__ == "__main__":
    main()
