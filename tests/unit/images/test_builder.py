"""The images: what each is made of, when it is stale, what it weighs. And what their Dockerfiles promise."""

import gzip
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from images.builder import archive, base, catalog
from images.builder.catalog import IMAGES, MEGABYTE

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILES = sorted((ROOT / "images").glob("*/Dockerfile"))


def test_a_digest_changes_with_content_with_the_executable_bit_and_with_any_fact() -> None:
    files = [("a", False, b"1"), ("b", True, b"2")]
    digest = catalog.digest(["x"], files)
    assert catalog.digest(["x"], reversed(files)) == digest
    changed = [
        catalog.digest(["y"], files),
        catalog.digest(["x"], [("a", False, b"2"), ("b", True, b"2")]),
        catalog.digest(["x"], [("a", True, b"1"), ("b", True, b"2")]),
        catalog.digest(["x"], [("c", False, b"1"), ("b", True, b"2")]),
        catalog.digest(["x"], files[:1]),
    ]
    assert len({digest, *changed}) == len(changed) + 1


def test_budgets_are_those_promised() -> None:
    assert {name: image.budget for name, image in IMAGES.items()} == {
        "operator": 120 * MEGABYTE,
        "sidecar": 120 * MEGABYTE,
        "runtime-cpu": 450 * MEGABYTE,
        "runtime-cpu-smollm2": None,
    }


def test_an_image_over_its_budget_is_named_with_both_sizes() -> None:
    image = IMAGES["sidecar"]
    assert catalog.over_budget(image, 120 * MEGABYTE) is None
    said = catalog.over_budget(image, 131 * MEGABYTE)
    assert said is not None
    assert "sidecar adds 131 MB" in said
    assert "120 MB" in said
    assert catalog.over_budget(IMAGES["runtime-cpu-smollm2"], 10**12) is None


@pytest.mark.parametrize("name", IMAGES)
def test_what_decides_whether_an_image_is_stale_is_what_its_dockerfile_copies(name: str) -> None:
    image = IMAGES[name]
    text = (ROOT / image.dockerfile).read_text(encoding="utf-8")
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("images/steps/")
    }
    assert copied == set(image.inputs) - {".dockerignore", "images/steps", image.dockerfile}
    assert all((ROOT / source).exists() for source in image.inputs)


def archived(path: Path, layers: list[bytes], *, packed: bool = False, images: int = 1) -> None:
    with tarfile.open(path, "w") as tar:

        def add(name: str, content: bytes) -> None:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        names = [f"layer{number}" for number in range(len(layers))]
        for name, content in zip(names, layers, strict=True):
            add(name, gzip.compress(content) if packed else content)
        add("blobs/abc.json", json.dumps({"rootfs": {"diff_ids": [f"sha256:{name}" for name in names]}}).encode())
        add("manifest.json", json.dumps([{"Config": "blobs/abc.json", "Layers": names}] * images).encode())


@pytest.mark.parametrize("packed", [False, True])
def test_a_saved_image_weighs_what_its_own_layers_weigh_unpacked(tmp_path: Path, *, packed: bool) -> None:
    archived(tmp_path / "image.tar", [b"b" * 5000, b"x" * 300, b"y" * 20], packed=packed)
    read = archive.read(tmp_path / "image.tar")
    assert read.id == "sha256:abc"
    assert read.added_to(()) == 5320
    assert read.added_to({"sha256:layer0"}) == 320


def test_an_archive_of_several_images_is_refused(tmp_path: Path) -> None:
    archived(tmp_path / "image.tar", [b"x"], images=2)
    with pytest.raises(ValueError, match="save one image in one file"):
        archive.read(tmp_path / "image.tar")


def test_the_base_takes_updates_and_security_fixes_from_its_own_mirror() -> None:
    assert base.sources("deb http://mirror.example/debian bookworm main\n").splitlines() == [
        "deb http://mirror.example/debian bookworm main",
        "deb http://mirror.example/debian bookworm-updates main",
        "deb http://mirror.example/debian-security bookworm-security main",
    ]


def test_there_is_a_dockerfile_for_every_image() -> None:
    assert {str(path.relative_to(ROOT)) for path in DOCKERFILES} == {image.dockerfile for image in IMAGES.values()}


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_a_dockerfile_starts_from_the_one_base_and_ends_without_root(path: Path) -> None:
    text = _read(path)
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
    assert {parent for parent, _ in stages} - {name for _, name in stages} == {catalog.BASE}
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["65532:65532"]
    assert "://" not in text.replace("https:// needs", "")  # which index and which mirror is the builder's choice


def test_the_first_stages_are_the_same_everywhere_so_that_images_share_their_layers() -> None:
    def shared(text: str) -> str:
        stages = text[text.index("FROM ") : text.index("FROM tools AS")]
        return stages.split("\n\n#")[0].strip()  # up to the comment of the first stage of its own

    assert len({shared(_read(path)) for path in DOCKERFILES}) == 1


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_model_in_the_demonstration_image_is_the_one_that_the_tests_use() -> None:
    setup = _read(ROOT / "make" / "setup.mk")
    dockerfile = _read(ROOT / "images" / "runtime-cpu" / "Dockerfile")
    assert re.findall(r"^SMOLLM2 := (.*)$", setup, re.MULTILINE) == re.findall(
        r"^ARG SMOLLM2=(.*)$", dockerfile, re.MULTILINE
    )
