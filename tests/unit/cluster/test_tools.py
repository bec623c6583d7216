"""Builds are told apart by what they are made from, and toolchains by their version."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from e2e.cluster.golang import parse_version, wanted_version
from e2e.cluster.proc import ClusterError
from e2e.cluster.tools import BUILDS, HOST, LINTERS, POD, Build, content_hash, host_stamp, module_version, tool


@pytest.mark.parametrize(
    ("text", "version"),
    [("go1.26.6", (1, 26, 6)), ("1.26", (1, 26, 0)), ("go1.27rc1", (1, 27, 0)), ("go1.30.12 X:foo", (1, 30, 12))],
)
def test_a_go_version_is_read(text: str, version: tuple[int, int, int]) -> None:
    assert parse_version(text) == version


def test_what_is_no_version_is_an_error() -> None:
    with pytest.raises(ClusterError, match="holds no Go version"):
        parse_version("devel")
    with pytest.raises(ClusterError, match="no `go` line"):
        wanted_version("module x\n")


def test_the_stamped_versions_are_those_of_the_modules() -> None:
    go_mod = (HOST.module / "go.mod").read_text(encoding="utf-8")
    stamp = host_stamp(go_mod)
    assert stamp["k8s.io/component-base/version.gitVersion"] == module_version(go_mod, "k8s.io/kubernetes")
    assert stamp["k8s.io/component-base/version.gitMinor"] == module_version(go_mod, "k8s.io/kubernetes").split(".")[1]
    with pytest.raises(ClusterError, match="does not require"):
        module_version(go_mod, "example.org/none")


def test_every_staging_module_has_the_version_of_kubernetes() -> None:
    go_mod = (HOST.module / "go.mod").read_text(encoding="utf-8")
    kubernetes = module_version(go_mod, "k8s.io/kubernetes")
    replaced = [line.split()[-1] for line in go_mod.splitlines() if "=> k8s.io/" in line]
    assert len(replaced) > 20
    assert set(replaced) == {kubernetes.replace("v1.", "v0.", 1)}


def copied(build: Build, folder: Path) -> Build:
    shutil.copytree(build.module, folder)
    return replace(build, module=folder)


def test_an_edit_of_a_source_is_another_build_of_that_program_only(tmp_path: Path) -> None:
    host, pod = copied(HOST, tmp_path / "host"), copied(POD, tmp_path / "pod")
    before = content_hash(host, "go1.26.6"), content_hash(pod, "go1.26.6")
    assert before == (content_hash(HOST, "go1.26.6"), content_hash(POD, "go1.26.6"))
    for module in (host.module, pod.module):
        with (module / "pod" / "main.go").open("a", encoding="utf-8") as source:
            source.write("// edited\n")
    assert content_hash(host, "go1.26.6") == before[0]
    assert content_hash(pod, "go1.26.6") != before[1]


def test_another_toolchain_or_another_module_version_is_another_build(tmp_path: Path) -> None:
    linters = copied(LINTERS, tmp_path / "linters")
    before = content_hash(linters, "go1.26.6")
    assert content_hash(linters, "go1.26.7") != before
    with (linters.module / "go.mod").open("a", encoding="utf-8") as go_mod:
        go_mod.write("// edited\n")
    assert content_hash(linters, "go1.26.6") != before


def test_no_two_builds_offer_a_program_of_the_same_name() -> None:
    names = [name for build in BUILDS for each in build.names.values() for name in each]
    assert len(set(names)) == len(names)


def test_an_unknown_tool_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ClusterError, match="kube-apiserver"):
        tool("kube-nothing")
