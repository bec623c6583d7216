"""What an image installs is what pyproject.toml says."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from images.steps.requirements import main, name_of, of_extra, select

PROJECT: dict[str, Any] = {
    "project": {
        "dependencies": ["pydantic>=2"],
        "optional-dependencies": {
            "base": ["PyYAML>=6", "orjson"],
            "web": ["casava[base]", "aiohttp[speedups]>=3,<4", "tritonclient[grpc]>=2"],
            "all": ["casava[web,base]", "click"],
        },
    }
}


def test_extras_of_our_own_are_followed_and_each_requirement_comes_once() -> None:
    assert of_extra(PROJECT, "all") == [
        "PyYAML>=6",
        "aiohttp[speedups]>=3,<4",
        "click",
        "orjson",
        "pydantic>=2",
        "tritonclient[grpc]>=2",
    ]


def test_requirements_are_chosen_by_normalised_name() -> None:
    wanted = of_extra(PROJECT, "web")
    assert select(wanted, only=frozenset({"tritonclient"}), without=frozenset()) == ["tritonclient[grpc]>=2"]
    assert "PyYAML>=6" not in select(wanted, only=frozenset(), without=frozenset({"pyyaml"}))


@pytest.mark.parametrize(("text", "name"), [("PyYAML>=6", "pyyaml"), ("a.b_c[x]==1", "a-b-c"), ("x", "x")])
def test_a_name_is_normalised(text: str, name: str) -> None:
    assert name_of(text) == name


def test_a_requirement_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="names no distribution"):
        name_of(">=1")


@pytest.mark.parametrize("extra", ["operator", "sidecar", "engine"])
def test_every_image_s_extra_resolves_in_the_real_project(extra: str, capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = Path(__file__).resolve().parents[3] / "pyproject.toml"
    main([str(pyproject), "extra", extra])
    lines = capsys.readouterr().out.splitlines()
    assert lines == of_extra(tomllib.loads(pyproject.read_text(encoding="utf-8")), extra)
    assert not [line for line in lines if line.startswith("casava")]


def test_what_builds_the_wheel_is_printed_too(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(Path(__file__).resolve().parents[3] / "pyproject.toml"), "build"])
    assert [name_of(line) for line in capsys.readouterr().out.splitlines()] == ["hatchling"]
