"""Reads the data file of models, ``models.json``: a list with one object a model."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from separation.catalogue.model import SAFE_NAME, ModelInfo
from separation.validation import first_fault

DATA_FILE = Path(__file__).with_name("models.json")


class CatalogueInvalid(ValueError):
    """The data file has a fault, which is a bug of the program; the message names row and field."""


def read_rows(path: Path = DATA_FILE) -> tuple[ModelInfo, ...]:
    """Every row, in the file's order. Raises ``CatalogueInvalid``."""
    return parse_rows(path.read_text(encoding="utf-8"))


def parse_rows(text: str) -> tuple[ModelInfo, ...]:
    """Rows from JSON text. Raises ``CatalogueInvalid``."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise CatalogueInvalid(f"The list of models is not JSON: {error}") from None
    if not isinstance(raw, list):
        raise CatalogueInvalid("The list of models is not a list.")
    rows = tuple(_row(position, each) for position, each in enumerate(raw))
    _check(rows)
    return rows


def _row(position: int, raw: object) -> ModelInfo:
    try:
        return ModelInfo.model_validate(raw)
    except ValidationError as error:
        name = raw.get("name") if isinstance(raw, dict) else None
        raise CatalogueInvalid(f"Model {name or position}: {first_fault(error)}") from None


def _check(rows: Iterable[ModelInfo]) -> None:
    by_name = {row.name: row for row in rows}
    counted = Counter(row.name for row in rows)
    for row in rows:
        fault = _fault(row, by_name)
        if counted[row.name] > 1:
            fault = "the name is taken twice"
        if fault:
            raise CatalogueInvalid(f"Model {row.name}: {fault}")


def _fault(row: ModelInfo, by_name: dict[str, ModelInfo]) -> str:
    if not SAFE_NAME.fullmatch(row.name):
        return "the name is not of small letters, digits and underscores"
    if not row.licence.evidence:
        return "nothing is named as evidence for its licence"
    if bool(row.download_bytes) != row.is_fetched:
        return "download_bytes is set though the model is not fetched, or 0 though it is"
    if row.source.kind == "wheel" and not all(file.sha256 for file in row.files):
        return "a file of a wheel has no sha256"
    if row.smaller is not None:
        smaller = by_name.get(row.smaller)
        if smaller is None or (smaller.separator, smaller.stems) != (row.separator, row.stems):
            return f"{row.smaller!r} cannot take its place"
    return ""
