"""JSON Schema's own tests, every document whole and in pieces."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

from casava_contract import Contract, ContractError, ErrorCode, Satisfiable, State, compile  # noqa: A004
from casava_contract.compiler import Formats
from casava_contract.schema import satisfiability
from tests.unit.contract.schema.suite.known import WRONG

_DRAFTS = {
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
_LEAST = {
    "draft7": (900, 430),
    "draft2019-09": (1_200, 480),
    "draft2020-12": (1_250, 490),
}  # documents: a lost file shows


class Document(NamedTuple):
    name: str
    text: bytes
    valid: bool


@pytest.fixture(scope="session")
def resources(suite: Path) -> dict[str, str]:
    """The schemas that the suite expects to find at its host, and the meta-schemas."""
    remotes = suite / "remotes"
    here = {f"http://localhost:1234/{file.relative_to(remotes)}": file.read_text() for file in remotes.rglob("*.json")}
    return here | {uri: json.dumps(REGISTRY.contents(uri)) for uri in REGISTRY}


class Case(NamedTuple):
    name: str
    schema: str
    documents: list[Document]


def _cases(folder: Path, dialect: str) -> Iterator[Case]:
    """Every case in the files of a folder."""
    for file in sorted(folder.glob("*.json")):
        for case in json.loads(file.read_bytes()):
            schema = case["schema"]
            if isinstance(schema, dict):
                schema = {"$schema": dialect} | schema
            name = f"{folder.name}/{file.stem}: {case['description']}"
            texts = [(one["description"], _text(one["data"]), bool(one["valid"])) for one in case["tests"]]
            yield Case(name, json.dumps(schema), [Document(*one) for one in texts])


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _contract(case: Case, formats: Formats, resources: dict[str, str], patch: pytest.MonkeyPatch) -> Contract:
    """Refused where nothing can be valid: then no document is, and the refusal is lifted to see each judged."""
    try:
        return compile(case.schema, formats=formats, resources=resources)
    except ContractError as error:
        if error.code is not ErrorCode.UNSATISFIABLE:
            raise
    assert not any(document.valid for document in case.documents)
    with patch.context() as lifted:
        lifted.setattr(satisfiability, "satisfiable", lambda _: Satisfiable.UNKNOWN)
        return compile(case.schema, formats=formats, resources=resources)


def _pieces(text: bytes, rng: Random) -> Iterator[list[bytes]]:
    for size in (1, 4):
        yield [text[start : start + size] for start in range(0, len(text), size)]
    cuts = sorted(rng.sample(range(len(text) + 1), min(len(text), 3)))
    yield [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _hold(contract: Contract, text: bytes, rng: Random) -> bool:
    """The verdict of the whole document, which is that of every way to cut it."""
    valid = contract.validate(text) == ()
    errors = set()
    for pieces in _pieces(text, rng):
        validator = contract.validator()
        states = [validator.feed(piece).state for piece in pieces]
        final = validator.finish()
        assert (final.state is State.VALID) == valid
        assert (states[-1] is State.COMPLETE) == valid
        errors.add(final.errors)
    assert len(errors) == 1
    return valid


@pytest.mark.parametrize("draft", _DRAFTS)
@pytest.mark.parametrize("formats", ["annotate", "assert"])
def test_every_document_of_the_official_suite_gets_the_verdict_that_the_suite_demands(
    suite: Path, resources: dict[str, str], draft: str, formats: Formats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is required with formats as annotations, and what is optional of formats with formats asserted."""
    folder = suite / "tests" / draft
    rng = Random(5)
    wrong, count = set(), 0
    for case in _cases(folder / "optional/format" if formats == "assert" else folder, _DRAFTS[draft]):
        contract = _contract(case, formats, resources, monkeypatch)
        for document in case.documents:
            count += 1
            if _hold(contract, document.text, rng) is not document.valid:
                wrong.add(f"{draft} {case.name}: {document.name}")
    assert count >= _LEAST[draft][formats == "assert"]
    mine = {one for one in WRONG if one.startswith(f"{draft} ") and ("format/" in one) == (formats == "assert")}
    assert wrong == mine


def test_what_is_judged_otherwise_is_in_the_docs_each_with_its_reason() -> None:
    """The list may only shrink: the test above fails as soon as one of it is judged as the suite demands."""
    pages = (Path(__file__).parents[5] / "docs").rglob("*.md")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    section = text.partition("## JSON Schema's own tests")[2].partition("\n## ")[0]
    listed = [line.removeprefix("- ") for line in section.splitlines() if line.startswith("- ")]
    assert section
    assert listed == [f"{name}: {why}" for name, why in WRONG.items()]
