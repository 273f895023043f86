"""Stores measurements of models on songs whose stems are known, and returns the newest ones."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from jobs.models import ModelMeasurement
from separation.catalogue.model import MEASURES
from separation.errors import InvalidOptions

Figures = Mapping[str, Mapping[str, float | None]]
"""Decibels by measure and stem; None where a stem has no figure, for example a silent stem."""


def record(
    *,
    separator: str,
    model: str,
    suite: str,
    songs: int,
    figures: Figures,
    audio_s: float,
    seconds: float,
    weights_digest: str = "",
    peak_memory_bytes: int | None = None,
    measured_at: datetime | None = None,
) -> ModelMeasurement:
    """Store one run over a suite. The card of the model shows it until there is a newer one.

    Raises ``InvalidOptions`` for an unknown measure, or if there is no figure.
    """
    return ModelMeasurement.objects.create(
        separator=separator,
        model_name=model,
        weights_digest=weights_digest,
        suite=suite[:200],
        songs=songs,
        figures=_finite(figures),
        audio_s=audio_s,
        seconds=seconds,
        peak_memory_bytes=peak_memory_bytes,
        measured_at=measured_at or timezone.now(),
    )


def record_report(document: Mapping[str, Any]) -> ModelMeasurement | None:
    """Store the result of ``manage.py evaluate`` from its JSON document.

    Stores nothing and returns None where the run covered only a part of the suite, as cards show
    results of whole suites. Raises as :func:`record` does.
    """
    suite, run = document["suite"], document["run"]
    if suite["limited"] or suite["seconds_of_each_song"] is not None or run["failed"]:
        return None
    ran = run["separator"]
    return record(
        separator=ran["separator"],
        model=ran["model"],
        weights_digest=ran["weights_digest"],
        suite=suite["name"],
        songs=suite["songs"],
        figures=_by_measure(run["summary"]),
        audio_s=suite["audio_s"],
        seconds=run["separation_s"],
        # The value is 0 where the system does not report it.
        peak_memory_bytes=run["peak_memory_bytes"] or None,
        measured_at=datetime.fromisoformat(document["date"]),
    )


def _by_measure(summary: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> Figures:
    """Convert decibels by stem and measure to decibels by measure and stem."""
    named = {"mean" if stem == "all_stems" else stem: row for stem, row in summary.items()}
    return {
        measure: {stem: row[measure]["separated"] for stem, row in named.items() if measure in row}
        for measure in MEASURES
    }


def latest() -> dict[str, ModelMeasurement]:
    """The newest run of every model that has one, by its name; one query."""
    # In ascending order, so that the newest row of a model overwrites the others.
    return {row.model_name: row for row in ModelMeasurement.objects.order_by("measured_at", "id")}


def _finite(figures: Figures) -> dict[str, dict[str, float]]:
    unknown = sorted(set(figures) - set(MEASURES))
    if unknown:
        raise InvalidOptions(
            f"There is no measure {unknown[0]!r}. There are: {', '.join(MEASURES)}."
        )
    found = {
        measure: {
            stem: value
            for stem, value in stems.items()
            if value is not None and math.isfinite(value)
        }
        for measure, stems in figures.items()
    }
    kept = {measure: stems for measure, stems in found.items() if stems}
    if not kept:
        raise InvalidOptions("A measurement without a single figure says nothing.")
    return kept
