"""The catalogues of translations as files: ``.po``, which people edit, and ``.mo``, which Django
reads. Both are in the repository, so that an installation needs no compiler."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from stemsite.catalogues.extract import Found, texts

DOMAINS = ("django", "djangojs", "sentences")
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""A fixed time, so that a file changes with its texts only."""


def folder_of(base: Path, language: str) -> Path:
    return base / "stemsite" / "locale" / language / "LC_MESSAGES"


def read(file: Path, language: str) -> Catalog:
    """The catalogue in the file; an empty one where there is no file."""
    if not file.is_file():
        return Catalog(locale=language)
    with file.open("rb") as source:
        return read_po(source, locale=language)


def update(base: Path, language: str, domain: str) -> Catalog:
    """The catalogue with the texts of the code. Known translations stay, texts that the code no
    longer has go, and new ones are empty."""
    known = read(folder_of(base, language) / f"{domain}.po", language)
    return filled(known, texts(base, domain), language)


def filled(known: Catalog, found: Iterable[Found], language: str) -> Catalog:
    catalog = Catalog(
        locale=language, project="stemsite", version="1", copyright_holder="stemsite",
        creation_date=_MADE, revision_date=_MADE, last_translator="stemsite",
        language_team=language, fuzzy=False,
    )  # fmt: skip
    catalog.header_comment = f"# stemsite in {language}. The terms are in docs/languages.md."
    for each in found:
        before = known.get(each.text if isinstance(each.text, str) else each.text[0])
        catalog.add(
            each.text,
            before.string if before is not None and before.id == each.text else None,
            locations=[(each.file, 0)],
        )
    return catalog


def write(base: Path, language: str, domain: str, catalog: Catalog) -> None:
    folder = folder_of(base, language)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{domain}.po").write_bytes(as_po(catalog))
    (folder / f"{domain}.mo").write_bytes(as_mo(catalog))


def as_po(catalog: Catalog) -> bytes:
    out = BytesIO()
    write_po(out, catalog, width=100, include_lineno=False)
    return out.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()
