"""Describes the operator's own models as rows of the catalogue, for cards, forms and rules."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from separation.catalogue import ELSEWHERE, Licence, ModelInfo, Source, WeightFile, combined
from separation.catalogue.model import NOT_STATED, STATES
from separation.separators.own_models.converted_weights import KeptWeights
from separation.separators.own_models.folders import MSST, FolderCard, OwnModel, usable_models


def all_rows(paths: Sequence[Path], model_dir: Path | None = None) -> tuple[ModelInfo, ...]:
    """The catalogue, followed by the operator's own usable models.

    ``model_dir``: the folder with the stored digests of checkpoints.
    """
    return combined(model_info(model, model_dir) for model in usable_models(paths))


def model_info(model: OwnModel, model_dir: Path | None = None) -> ModelInfo:
    """The model as a row of the catalogue. Where the catalogue has the digest of its file, the
    catalogue's data fill the fields that the card leaves out."""
    return _row(model, file_digest(model, model_dir))


@lru_cache(maxsize=1024)
def _row(model: OwnModel, digest: str | None) -> ModelInfo:
    known = _known_by(digest)
    card, stated = model.card, model.card.model_fields_set
    return ModelInfo(
        name=model.name,
        separator=model.separator,
        label=model.label,
        stems=model.stems,
        architecture=model.architecture,
        description=_description(model),
        licence=known.licence if known and "licence" not in stated else _licence(card),
        training_data=card.training_data or (known.training_data if known else "Not stated."),
        source=Source(
            kind="folder", address=card.source_url or (known.source_url if known else "")
        ),
        files=_files(model, digest),
        packages=("pymss-core",) if model.separator == MSST else (),
        figures=known.figures if known else (),
        max_segment_s=model.chunk_s or None,
        overlapping=card.overlapping,
    )


def file_digest(model: OwnModel, model_dir: Path | None) -> str | None:
    """sha256 of the single checkpoint where the card names it or it was stored before, else
    ``None``. Does not read the checkpoint."""
    if model.card.sha256 or model_dir is None or model.separator != MSST:
        return model.card.sha256
    source = KeptWeights(model_dir, model.weights[0]).source()
    return source.sha256 if source else None


def _known_by(digest: str | None) -> ModelInfo | None:
    rows = (row for row in ELSEWHERE if digest in {file.sha256 for file in row.files})
    return next(rows, None) if digest else None


def _address(known: ModelInfo | None) -> str:
    return known.source_url if known else ""


def _licence(card: FolderCard) -> Licence:
    if card.licence == "not_stated" and not card.licence_text:
        return NOT_STATED
    says = card.licence_text or f"{STATES[card.licence].capitalize()}."
    return Licence(state=card.licence, says=f"{says} As the operator of this site states.")


def _files(model: OwnModel, digest: str | None) -> tuple[WeightFile, ...]:
    return tuple(
        WeightFile(name=path.name, bytes=path.stat().st_size, sha256=digest)
        for path in dict.fromkeys(model.weights)
        if path.is_file()
    )


def _description(model: OwnModel) -> str:
    window = f"Works in windows of {model.chunk_s:.3g} s. " if model.chunk_s else ""
    return f"{model.card.description} {window}Added by the operator of this site.".strip()
