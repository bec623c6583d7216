"""Where a model's file is."""

from pathlib import Path

import pytest

from casava_engine.problems import ModelProblem
from casava_engine.source import Download, LocalFile, parse_source
from casava_wire.config import SourceConfig

CLAIM = Path("/mnt/model")
SHA = "ab" * 32


def parse(uri: str, sha256: str | None = None) -> LocalFile | Download:
    return parse_source(SourceConfig(uri=uri, sha256=sha256), claim_dir=CLAIM)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///models/a.gguf", "/models/a.gguf"),
        ("file://localhost/models/a%20b.gguf", "/models/a b.gguf"),
        ("pvc://claim/a.gguf", "/mnt/model/a.gguf"),
        ("pvc://claim/deep/er/a.gguf", "/mnt/model/deep/er/a.gguf"),
        ("pvc://claim//a.gguf", "/mnt/model/a.gguf"),
    ],
)
def test_a_local_file_has_a_path(uri: str, path: str) -> None:
    assert parse(uri) == LocalFile(Path(path), None)


def test_a_checksum_may_have_its_algorithm_in_front_and_any_case() -> None:
    assert parse("https://host/a.gguf", f"sha256:{SHA.upper()}") == Download("https://host/a.gguf", SHA)


@pytest.mark.parametrize(
    ("uri", "sha256", "message"),
    [
        ("hf://org/model", None, "the scheme 'hf' is not known"),
        ("/models/a.gguf", None, "the scheme '' is not known"),
        ("http://host/a.gguf", SHA, "the scheme 'http' is not known"),
        ("file://models/a.gguf", None, "three slashes"),
        ("file:///", None, "must name a file"),
        ("file:///models/../etc/shadow", None, "without '..'"),
        ("pvc:///a.gguf", None, "names no claim"),
        ("pvc://claim", None, "must name a file"),
        ("pvc://claim/%2e%2e/a.gguf", None, "without '..'"),
        ("https://host/a.gguf", None, "needs model.source.sha256"),
        ("https://host/a.gguf", "abc", "64 hex digits"),
        ("https:///a.gguf", SHA, "needs a host name"),
        ("https://user:word@host/a.gguf", SHA, "user name or a password"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused_with_the_fix(uri: str, sha256: str | None, message: str) -> None:
    with pytest.raises(ModelProblem, match=r"model\.source") as refused:
        parse(uri, sha256)
    assert message in refused.value.message
    assert refused.value.final
