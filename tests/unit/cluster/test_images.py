"""Images are written byte for byte the same, and named as a container runtime names them."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from e2e.cluster.archive import names_in, write_image
from e2e.cluster.images import full_name


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("debian", "docker.io/library/debian:latest"),
        ("debian:bookworm-slim", "docker.io/library/debian:bookworm-slim"),
        ("casava/sidecar:0.1.0", "docker.io/casava/sidecar:0.1.0"),
        ("localhost/casava/sidecar:0.1.0", "docker.io/casava/sidecar:0.1.0"),
        ("casava.local/pod:1", "casava.local/pod:1"),
        ("registry:5000/a/b", "registry:5000/a/b:latest"),
        ("a/b@sha256:00", "docker.io/a/b@sha256:00"),
    ],
)
def test_an_image_gets_its_full_name(name: str, full: str) -> None:
    assert full_name(name) == full


def test_an_archive_holds_what_its_digests_say(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    archive = tmp_path / "image.tar"
    write_image(archive, "casava.local/x:1", {"/bin/program": program, "/bin/other": "program"}, {"User": "65532"})
    with tarfile.open(archive) as image:
        contents = {member.name: image.extractfile(member) for member in image}
        manifest = json.loads((contents["manifest.json"] or pytest.fail("no manifest")).read())[0]
        config = (contents[manifest["Config"]] or pytest.fail("no configuration")).read()
        layer = (contents[manifest["Layers"][0]] or pytest.fail("no layer")).read()
    assert manifest["RepoTags"] == names_in(archive) == ["casava.local/x:1"]
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert json.loads(config)["config"] == {"User": "65532"}
    (tmp_path / "layer.tar").write_bytes(layer)
    assert names_in(tmp_path / "layer.tar") == []
    with tarfile.open(tmp_path / "layer.tar") as files:
        assert {file.name: (file.mode, file.uid, file.linkname) for file in files} == {
            "bin": (0o755, 0, ""),
            "bin/other": (0o777, 0, "program"),
            "bin/program": (0o755, 0, ""),
        }


def test_the_same_content_gives_the_same_archive(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"program")
        write_image(tmp_path / f"{name}.tar", "x/y:1", {"/x": tmp_path / name}, {"Entrypoint": ["/x"]})
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "one.tar", "two", "two.tar"]
