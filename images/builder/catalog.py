"""Which images there are, what each is made of, and what each may weigh. Data and pure functions."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

BASE: Final = "docker.io/library/debian:bookworm-slim"
REPOSITORY: Final = "docker.io/casava"
MEGABYTE: Final = 1_000_000

_COMMON: Final = (".dockerignore", "pyproject.toml", "LICENSE", "constraints/py311.txt", "images/steps")


@dataclass(frozen=True)
class Image:
    """One image: its Dockerfile and target, the source that enters it, and the most it may add to the base."""

    name: str
    dockerfile: str
    target: str | None
    sources: tuple[str, ...]
    budget: int | None  # bytes, unpacked; None where a model's weights are inside

    def reference(self, tag: str) -> str:
        return f"{REPOSITORY}/{self.name}:{tag}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files and folders, relative to the repository's root, that decide what the image holds."""
        return (*_COMMON, self.dockerfile, *self.sources)


_RUNTIME: Final = ("runtime/casava_wire", "runtime/casava_engine")

IMAGES: Final[Mapping[str, Image]] = {
    image.name: image
    for image in (
        Image(
            name="operator",
            dockerfile="images/operator/Dockerfile",
            target=None,
            sources=(
                "runtime/casava_wire",
                "runtime/casava_contract",
                "runtime/casava_trial",
                "operator/casava_operator",
            ),
            budget=120 * MEGABYTE,
        ),
        Image(
            name="sidecar",
            dockerfile="images/sidecar/Dockerfile",
            target=None,
            sources=(
                "runtime/casava_wire",
                "runtime/casava_contract",
                "runtime/casava_trial",
                "runtime/casava_sidecar",
            ),
            budget=120 * MEGABYTE,
        ),
        Image(
            name="runtime-cpu",
            dockerfile="images/runtime-cpu/Dockerfile",
            target="runtime-cpu",
            sources=_RUNTIME,
            budget=450 * MEGABYTE,
        ),
        Image(
            name="runtime-cpu-smollm2",
            dockerfile="images/runtime-cpu/Dockerfile",
            target="smollm2",
            sources=_RUNTIME,
            budget=None,
        ),
    )
}


def over_budget(image: Image, added: int) -> str | None:
    """What to say when `added` bytes over the base are more than `image` may have, else None."""
    if image.budget is None or added <= image.budget:
        return None
    return (
        f"{image.name} adds {added / MEGABYTE:.0f} MB to its base and may add {image.budget / MEGABYTE:.0f} MB: "
        "leave out of its layers what running does not need"
    )


def digest(facts: Iterable[str], files: Iterable[tuple[str, bool, bytes]]) -> str:
    """A name for what goes into a build: `facts`, and `files` as (path, executable, content), in any order."""
    lines = [f"fact {fact}" for fact in facts]
    for path, executable, content in files:
        lines.append(f"file {path} {executable:d} {hashlib.sha256(content).hexdigest()}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
