"""The stages of a pipeline: one row each, for all code that runs, offers or names them.

This module imports no stage, because web pages and forms read these rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

PREPARE: Final = "prepare"
SEPARATION: Final = "separation"
DETAILS: Final = "details"
DENOISE: Final = "denoise"
LISTENING: Final = "listening"
HARMONIC_PERCUSSIVE: Final = "harmonic_percussive"
COMPOSITE: Final = "composite"
NORMALIZATION: Final = "normalization"
QUALITY: Final = "quality"
SCORE: Final = "score"
EXPORT: Final = "export"


@dataclass(frozen=True)
class StageRow:
    """``path``: module and class in :mod:`separation.stages`. ``label``: what the stage does, for
    lists of stages. ``activity``: what it does, for the progress line.

    ``title`` and ``text``: the tracks that it makes, for forms and result pages; empty where it
    makes none, or where pages describe its tracks themselves. ``is_optional``: a person chooses it
    by name; any other stage runs wherever the request needs it.

    ``guess``: seconds of work per second of audio, until they were measured; the figures are from a
    song of five minutes on two cores with all stages and 24-bit WAV. None where nobody timed it.
    ``runs_separators``: its time is that of its separators (:mod:`separation.request.cost`).
    """

    name: str
    path: str
    label: str
    activity: str
    title: str = ""
    text: str = ""
    is_optional: bool = False
    guess: float | None = None
    runs_separators: bool = False


def _by_name(rows: Iterable[StageRow]) -> dict[str, StageRow]:
    return {row.name: row for row in rows}


STAGES: Final = _by_name(
    (
        StageRow(
            PREPARE,
            "separation.stages.prepare:PrepareStage",
            label="Prepare",
            activity="Loading audio file",
            guess=0.005,
        ),
        StageRow(
            SEPARATION,
            "separation.stages.separation:SeparationStage",
            label="Separate stems",
            activity="Separating stems",
            title="Stems",
            text="Drums, bass, vocals and the rest, each on its own track.",
            is_optional=True,
            runs_separators=True,
        ),
        StageRow(
            DETAILS,
            "separation.stages.details:DetailsStage",
            label="Split stems again",
            activity="Splitting stems again",
            title="Details",
            text="A stem, split again.",
            runs_separators=True,
        ),
        StageRow(
            DENOISE,
            "separation.stages.denoise:DenoiseStage",
            label="Reduce noise",
            activity="Reducing noise",
            title="Less noise",
            text="Stems with less steady noise; both are kept.",
            guess=0.02,
        ),
        StageRow(
            LISTENING,
            "separation.stages.listening:ListeningStage",
            label="Make playable",
            activity="Making the stems playable",
            guess=0.022,
        ),
        StageRow(
            HARMONIC_PERCUSSIVE,
            "separation.stages.harmonic_percussive:HarmonicPercussiveStage",
            label="Split harmonic and percussive",
            activity="Splitting harmonic from percussive",
            title="Harmonic and percussive",
            text="The sustained and the struck part.",
            is_optional=True,
            guess=0.011,
        ),
        StageRow(
            COMPOSITE,
            "separation.stages.composite:CompositeStage",
            label="Build composites",
            activity="Combining stems",
            title="Composites",
            text="Sums of stems, such as the song without its vocals.",
            is_optional=True,
            guess=0.009,
        ),
        StageRow(
            NORMALIZATION,
            "separation.stages.normalization:NormalizationStage",
            label="Normalize",
            activity="Normalizing levels",
            title="Normalized copies",
            text="The same tracks at one common level.",
            is_optional=True,
            guess=0.004,
        ),
        StageRow(
            QUALITY,
            "separation.stages.quality:QualityStage",
            label="Check quality",
            activity="Checking the stems",
            guess=0.005,
        ),
        StageRow(
            SCORE,
            "separation.stages.score:ScoreStage",
            label="Compare with the true stems",
            activity="Comparing with the true stems",
        ),
        StageRow(
            EXPORT,
            "separation.stages.export:ExportStage",
            label="Encode and verify",
            activity="Writing tracks",
            guess=0.06,
        ),
    )
)
"""In the order of a pipeline. The first and the last stage are in every pipeline: no stage runs
without a song, and nothing is delivered without an export."""

OPTIONAL_STAGES: Final = tuple(row.name for row in STAGES.values() if row.is_optional)
"""The stages that a person may choose. ``prepare`` runs before them and ``export`` after them.
``quality`` checks the stems wherever there are any, and ``listening`` makes them playable unless
the request excludes that. ``details`` and ``denoise`` run for the stems that the request names."""

USUAL_STAGES: Final = (SEPARATION,)
"""What is made for who does not choose: the stems, from which the mixer makes most of the rest."""

RUNS_SEPARATORS: Final = tuple(row.name for row in STAGES.values() if row.runs_separators)
