"""docs/models.md is made from the data file."""

from pathlib import Path

from separation.catalogue.document import render
from separation.catalogue.rows import read_rows

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/models.md"


def test_the_page_of_models_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "run: make docs/models.md"


def test_the_page_has_the_evidence_and_every_address_and_digest() -> None:
    page = render()
    shown = [row for row in read_rows() if f"### {row.name}\n" in page]
    assert len(shown) > 10
    for row in shown:
        assert all(each.address in page for each in row.licence.evidence)
        assert all(file.sha256 in page for file in row.files if file.sha256)
        assert all(figure.convention in page for figure in row.figures)
