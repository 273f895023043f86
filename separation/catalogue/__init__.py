"""The models that stemsite knows by name: what they give, what they cost, where they come from.

The facts are data, ``models.json``, read by forms, commands and documentation. Stems are stated
there only for a model that is not loaded; once it is, the separator reads them from the model.
"""

from collections.abc import Iterable

from separation.catalogue.model import Evidence, Figure, Licence, ModelInfo, Source, WeightFile
from separation.catalogue.rows import read_rows
from separation.errors import InvalidOptions
from separation.registry import BUILT_IN

__all__ = [
    "CATALOGUE",
    "ELSEWHERE",
    "Evidence",
    "Figure",
    "Licence",
    "ModelInfo",
    "Source",
    "WeightFile",
    "combined",
    "find_model",
    "models_for",
]

_ROWS = read_rows()

CATALOGUE: tuple[ModelInfo, ...] = tuple(row for row in _ROWS if row.separator in BUILT_IN)
"""What a separator of ours runs as it is, or fetches."""

ELSEWHERE: tuple[ModelInfo, ...] = tuple(row for row in _ROWS if row.separator is None)
"""What others publish and an operator may bring the file of: facts, nothing that can be chosen."""


def combined(extra: Iterable[ModelInfo]) -> tuple[ModelInfo, ...]:
    """The catalogue with a site's own models behind it.

    One whose name is taken already is left out: ``find_model(name)`` tells whether it is.
    """
    rows = list(CATALOGUE)
    taken = {row.name for row in rows}
    for row in extra:
        if row.name not in taken:
            taken.add(row.name)
            rows.append(row)
    return tuple(rows)


def models_for(separator: str, rows: Iterable[ModelInfo] = CATALOGUE) -> tuple[ModelInfo, ...]:
    """The models of one separator, its default first; none for a separator not listed here."""
    return tuple(model for model in rows if model.separator == separator)


def find_model(name: str, rows: Iterable[ModelInfo] = CATALOGUE) -> ModelInfo:
    """The row of a model. Raises ``InvalidOptions`` naming all of them."""
    known = tuple(rows)
    for model in known:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in known)
    raise InvalidOptions(f"There is no model {name!r} in the catalogue. There are: {names}.")
