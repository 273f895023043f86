"""The stages of a pipeline: one row each, for all that runs, offers, names or times them.

No stage is imported here: web pages and forms read these rows.
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
    """``path``: module and class in :mod:`separation.stages`. ``label``: what the stage does, in
    lists of stages. ``activity``: the same while it runs, for the progress line.

    ``title`` and ``text``: the tracks that it makes, for forms and result pages; empty where it
    makes none, or where a page says more than one thing of them. ``is_optional``: a person chooses
    it by name; any other stage runs wherever its request needs it.

    ``guess``: seconds of work per second of audio, until a process has measured its own; as seen
    with a song of five minutes on two cores, all stages and 24-bit WAV. None where nothing can be
    guessed: separators differ by hundreds between models and machines. ``runs_separators``: it
    takes most of the job's bar.
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
"""In the order in which a pipeline runs them; the first and the last are always there, as nothing
runs without a song and nothing is delivered without an export."""

OPTIONAL_STAGES: Final = tuple(row.name for row in STAGES.values() if row.is_optional)
"""What may be chosen; ``prepare`` comes before and ``export`` after whatever is chosen, and the
stems are looked at by ``quality`` wherever there are any, and made playable by ``listening``
unless nobody wants that. ``details`` and ``denoise`` run where the request says of which stems."""

RUNS_SEPARATORS: Final = tuple(row.name for row in STAGES.values() if row.runs_separators)
