"""Every link of the documents that stays in the repository leads somewhere."""

from pathlib import Path

import pytest

from tests.docs.documents import AT_THE_ROOT, ROOT, anchors, documents, links, slugify

ELSEWHERE = ("http://", "https://", "mailto:")
START = ROOT / "docs" / "index.md"


def _inside(path: Path) -> list[tuple[str, Path, str]]:
    """Each relative link as it is written, the file that it means, and the anchor in it."""
    found = []
    for link in links(path):
        if not link.startswith(ELSEWHERE):
            name, _, anchor = link.partition("#")
            found.append((link, (path.parent / name).resolve() if name else path, anchor))
    return found


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(path: Path) -> None:
    for link, target, anchor in _inside(path):
        assert target.exists(), f"{path.name}: {link} leads to no file; was it renamed?"
        if anchor:
            assert anchor in anchors(target), f"{path.name}: {link}: {target.name} has no such part"


def test_every_document_can_be_reached_from_the_index() -> None:
    reached, waiting = set[Path](), [START]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [each for _, each, _ in _inside(page) if each.suffix == ".md"]
    assert {ROOT / name for name in AT_THE_ROOT} <= set(documents())
    assert [str(page) for page in documents() if page not in reached] == []


def test_the_index_itself_lists_every_document_but_the_cards_of_models() -> None:
    listed = {target for _, target, _ in _inside(START)}
    cards = ROOT / "docs" / "models"
    assert [str(p) for p in documents() if p not in {*listed, START} and p.parent != cards] == []


def test_anchors_are_those_of_github() -> None:
    assert slugify("Slow clients, and attacks by them") == "slow-clients-and-attacks-by-them"
    assert slugify("Model card: `standard`") == "model-card-standard"
    assert slugify("1. Material") == "1-material"
