"""What the folders promise."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/**/*.md"), *ROOT.glob("charts/*/*.md")]


@pytest.mark.parametrize("folder", ["operator", "runtime", "cli"])
def test_the_folders_of_packages_are_no_packages(folder: str) -> None:
    """An operator/__init__.py would stand in for the standard library's module of that name."""
    assert not (ROOT / folder / "__init__.py").exists()


def test_every_page_that_a_page_links_to_is_there() -> None:
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in PAGES
        for target in _links(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_heading_that_a_page_links_to_is_there() -> None:
    found = [
        (page, target, anchor)
        for page in PAGES
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert found
    broken = [
        f"{page.relative_to(ROOT)} -> {target}#{anchor}"
        for page, target, anchor in found
        if anchor not in _anchors((page.parent / target if target else page).read_text(encoding="utf-8"))
    ]
    assert broken == []


def _links(text: str) -> list[str]:
    parts = [part.partition(")")[0].partition("#")[0] for part in text.split("](")[1:]]
    return [part for part in parts if part and "://" not in part and not part.startswith("mailto:")]


def _anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
