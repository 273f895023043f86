"""The options of a separator, of splitting stems again, and of noise reduction.

This module also parses the short notations of forms and command lines: ``drums=spectral`` or
``vocals=demucs:htdemucs`` for details, ``vocals=0.5`` for noise, several separated by commas, or
the same as JSON. It imports nothing heavy, because the web side uses it.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from separation.ensemble import ENSEMBLE, Ensemble, ensemble_document, parse_ensemble
from separation.errors import InvalidOptions
from separation.option_types import Overlap, Seed, SegmentS, Shifts, Strength
from separation.options import DENOISE_STRENGTH, OVERLAP, SEED, SEPARATOR, SHIFTS

MAX_SPLITS = 8
"""Each split takes the time of a separation. The largest usual model has fewer stems, even with the
song itself."""

MAX_STEMS = 100
"""The most stems that one request may name."""

EnsembleField = Annotated[
    Ensemble | None, BeforeValidator(parse_ensemble), PlainSerializer(ensemble_document)
]
StemName = Annotated[str, Field(pattern=r"^\w[\w -]*$", max_length=64)]


class _Choice(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitChoice(_Choice):
    """The options of a separator that a person may choose. ``segment_s`` in seconds, None for the
    model's own; ``stems`` None for all."""

    separator: str = SEPARATOR.default
    model: str | None = None
    ensemble: EnsembleField = None
    stems: tuple[str, ...] | None = Field(default=None, min_length=1, max_length=MAX_STEMS)
    two_stems: str | None = None
    shifts: Shifts = SHIFTS.default
    overlap: Overlap = OVERLAP.default
    segment_s: SegmentS | None = None
    seed: Seed = SEED.default

    @model_validator(mode="after")
    def _one_choice_of_each(self) -> Self:
        if self.stems is not None and self.two_stems is not None:
            raise ValueError("ask for `stems` or for `two_stems`, not for both")
        check_ensemble(self.separator, self.model, self.ensemble)
        return self


class SplitRequest(SplitChoice):
    """A stem, or ``song``, and the options of the separator that splits it."""

    stem: StemName


class DenoiseRequest(_Choice):
    """One stem, and how strongly its noise is reduced, 0 to 1."""

    stem: StemName
    strength: Strength = DENOISE_STRENGTH.default


def check_ensemble(separator: str, model: str | None, ensemble: Ensemble | None) -> None:
    """Raises ``ValueError`` where the three do not fit together."""
    if ensemble is not None and separator != ENSEMBLE:
        raise ValueError(f"an ensemble is run by the separator {ENSEMBLE!r}, not {separator!r}")
    if ensemble is not None and model is not None:
        raise ValueError("name an ensemble by `model`, or describe it by `ensemble`, not both")
    if separator == ENSEMBLE and ensemble is None:
        if model is None:
            raise ValueError("the separator 'ensemble' needs an `ensemble`: its members")
        parse_ensemble(model)


def check_each_once(stems: list[str]) -> None:
    """Raises ``ValueError`` where a stem is named twice."""
    doubled = [stem for stem in stems if stems.count(stem) > 1]
    if doubled:
        raise ValueError(f"the stem {doubled[0]!r} is named twice")


def parse_details(text: str) -> list[dict[str, Any]]:
    """Fields of :class:`SplitRequest` from text. Raises ``InvalidOptions``."""
    return _parsed(text, "details", "drums=spectral,vocals=demucs:htdemucs", _split)


def parse_denoise(text: str) -> list[dict[str, Any]]:
    """Fields of :class:`DenoiseRequest` from text. Raises ``InvalidOptions``."""
    return _parsed(text, "denoise", "vocals=0.5,drums", _denoise)


def parse_ensemble_text(text: str) -> dict[str, Any]:
    """Fields of a request from the name of an ensemble or its JSON object.

    Raises ``InvalidOptions``.
    """
    text = text.strip()
    fields = {"model": text} if not text.startswith("{") else {"ensemble": _json(text, "ensemble")}
    return {"separator": ENSEMBLE, **fields}


def _parsed(
    text: str, what: str, example: str, parse: Callable[[str, str], dict[str, Any]]
) -> list[dict[str, Any]]:
    text = text.strip()
    if text.startswith("["):
        rows: list[dict[str, Any]] = _json(text, what)
        return rows
    rows = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        stem, _, value = (each.strip() for each in part.partition("="))
        try:
            rows.append({"stem": stem, **parse(stem, value)})
        except ValueError:
            raise InvalidOptions(
                f"{what} {part!r} is not understood: write it as {example}, or as JSON."
            ) from None
    return rows


def _split(stem: str, value: str) -> dict[str, Any]:
    separator, _, model = value.partition(":")
    if not (stem and separator):
        raise ValueError
    return {"separator": separator, "model": model or None}


def _denoise(stem: str, value: str) -> dict[str, Any]:
    if not stem:
        raise ValueError
    return {"strength": float(value)} if value else {}


def _json(text: str, what: str) -> Any:
    try:
        value = json.loads(text)
        # JSON can contain an escaped null character, which databases and pages refuse.
        if b"\\u0000" in json.dumps(value, ensure_ascii=False).encode():
            raise ValueError
        return value
    except (ValueError, RecursionError):
        raise InvalidOptions(f"{what} begins like JSON and is none: {text[:60]!r}.") from None
