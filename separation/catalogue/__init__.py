"""The catalogue of models: their stems, their cost, their origin and their licence.

The facts are in ``models.json``; forms, commands and documentation are made from them. The stems
stated there are for models that are not loaded: a separator reads them from a loaded model.
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
"""Models that a separator of this program runs without further files, or fetches."""

ELSEWHERE: tuple[ModelInfo, ...] = tuple(row for row in _ROWS if row.separator is None)
"""Models that others publish, whose files an operator may provide. Nobody can choose these rows."""


def combined(extra: Iterable[ModelInfo]) -> tuple[ModelInfo, ...]:
    """The catalogue, followed by a site's own models.

    A model whose name is taken is left out.
    """
    rows = list(CATALOGUE)
    taken = {row.name for row in rows}
    for row in extra:
        if row.name not in taken:
            taken.add(row.name)
            rows.append(row)
    return tuple(rows)


def models_for(separator: str, rows: Iterable[ModelInfo] = CATALOGUE) -> tuple[ModelInfo, ...]:
    """The models of one separator, its default first; empty for an unknown separator."""
    return tuple(model for model in rows if model.separator == separator)


def find_model(name: str, rows: Iterable[ModelInfo] = CATALOGUE) -> ModelInfo:
    """The row of a model. Raises ``InvalidOptions``, which names all of them."""
    known = tuple(rows)
    for model in known:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in known)
    raise InvalidOptions(f"There is no model {name!r} in the catalogue. There are: {names}.")
