"""The options of a job: one row each, for all code that accepts, offers or explains them.

:class:`separation.request.separation_request.SeparationRequest` takes its defaults, ranges and
values from these rows; the fields of the API and of forms, the arguments of commands and the table
in ``docs/api.md`` are made from them. A row needs no library, because the process that decodes a
song imports this too.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from separation.formats import FORMATS, SAME_LABEL, OutputFormat
from separation.option_row import Bounds, Option
from separation.stage_table import COMPOSITE, NORMALIZATION, OPTIONAL_STAGES

DeviceChoice = Literal["auto", "cpu", "cuda"]
SampleRateHz = Literal[44100, 48000]
LevelMeasure = Literal["rms", "lufs"]
NormalizeMode = Literal["together", "each"]
ScoredSong = Literal["demo"]

PRESET: Final[Option[str | None]] = Option(
    "preset",
    "text",
    "Preset",
    "Choices that go together; any other option given beside it wins over the preset's.",
    default=None,
    syntax="a name of `/api/v1/presets`, such as `preview`",
)
SEPARATOR: Final = Option(
    "separator",
    "text",
    "Separator",
    "What separates the song.",
    default="auto",
    syntax="a name of `/api/v1/separators`",
    is_set_by_site=True,
)
MODEL: Final[Option[str | None]] = Option(
    "model",
    "text",
    "Model",
    "The model that the separator runs.",
    default=None,
    syntax="a model of the separator",
    usual="the separator's first",
)
REPO: Final[Option[None]] = Option(
    "repo",
    "text",
    "Repository",
    "A folder that is a local repository of weights.",
    default=None,
    syntax="a path",
    is_for_operator=True,
)
STEMS: Final[Option[tuple[str, ...] | None]] = Option(
    "stems",
    "words",
    "Stems",
    "The stems to make: all four, the six of htdemucs_6s, one and the rest, or those named.",
    default=None,
    syntax="`4`, `6`, `2:vocals`, or a list such as `vocals,drums`",
    usual="all of the model",
)
TWO_STEMS: Final[Option[str | None]] = Option(
    "two_stems",
    "text",
    "Two stems",
    "One stem; the rest of the song becomes the other track.",
    default=None,
    syntax="a stem",
)
STAGES: Final = Option(
    "stages",
    "words",
    "What to make",
    "What is made of the song.",
    default=OPTIONAL_STAGES,
    syntax=f"of `{','.join(OPTIONAL_STAGES)}`",
    usual="the stems, and what other options need",
)
FORMAT: Final[Option[OutputFormat]] = Option(
    "format",
    "choice",
    "Format",
    "The format of the delivered files.",
    default="wav24",
    values={**{row.name: row.label for row in FORMATS.values()}, "same": SAME_LABEL},
)
SAMPLE_RATE_HZ: Final[Option[SampleRateHz]] = Option(
    "sample_rate_hz",
    "choice",
    "Sample rate",
    "The sample rate of the delivered files.",
    default=44100,
    values={44100: "44.1 kHz", 48000: "48 kHz"},
)
MP3_BITRATE_KBPS: Final = Option(
    "mp3_bitrate_kbps",
    "integer",
    "MP3 bit rate, kbit/s",
    "The bit rate of MP3 files.",
    default=320,
    range=Bounds(64, 320),
    unit="kbit/s",
)
DEVICE: Final[Option[DeviceChoice]] = Option(
    "device",
    "choice",
    "Run on",
    "What computes the networks.",
    default="auto",
    values={"auto": "Whatever is there", "cpu": "Processor", "cuda": "Graphics card"},
    is_set_by_site=True,
)
SHIFTS: Final = Option(
    "shifts",
    "integer",
    "Random shifts",
    "Neural models only: average this many passes. Each takes the full time again.",
    default=0,
    range=Bounds(0, 20),
)
OVERLAP: Final = Option(
    "overlap",
    "number",
    "Overlap of segments",
    "The share of a segment that the next one repeats.",
    default=0.25,
    # At 1 there would be no next segment.
    range=Bounds(0.0, 0.95),
    step=0.05,
)
SEGMENT_S: Final[Option[float | None]] = Option(
    "segment_s",
    "number",
    "Segment length, seconds",
    "The length of a segment, no longer than the model was trained on.",
    default=None,
    range=Bounds(0.1, 600.0),
    step=0.1,
    unit="seconds",
    usual="the model's",
)
SEED: Final = Option(
    "seed",
    "integer",
    "Seed of the shifts",
    "The same seed makes random shifts repeatable.",
    default=0,
    range=Bounds(0, 2**32 - 1),
)
TARGET_DB: Final = Option(
    "target_db",
    "number",
    "Level of normalized copies, dB",
    "The level to which normalized tracks are brought.",
    default=-20.0,
    range=Bounds(-60.0, 0.0),
    step=0.5,
    unit="dB",
    is_set_by_site=True,
    stage=NORMALIZATION,
)
LEVEL_MEASURE: Final[Option[LevelMeasure]] = Option(
    "level_measure",
    "choice",
    "Level measured as",
    "What the level is measured as.",
    default="rms",
    values={"rms": "dBFS, RMS", "lufs": "LUFS, perceived loudness"},
    stage=NORMALIZATION,
)
NORMALIZE: Final[Option[NormalizeMode]] = Option(
    "normalize",
    "choice",
    "Normalize",
    "Bring all tracks to the level by one gain, so that they still sum to the song (`together`), "
    "or each by its own, raised by 40 dB at most (`each`).",
    default="together",
    values={
        "together": "All tracks alike: they still sum to the song",
        "each": "Each track to the level by itself",
    },
    stage=NORMALIZATION,
)
TRUE_PEAK_CEILING_DBTP: Final = Option(
    "true_peak_ceiling_dbtp",
    "number",
    "True-peak ceiling, dBTP",
    "No normalized track passes this true peak.",
    default=-1.0,
    range=Bounds(-20.0, 0.0),
    step=0.1,
    unit="dBTP",
    stage=NORMALIZATION,
)
MINUS: Final = Option(
    "minus",
    "flag",
    "Also make the song without each stem",
    "Also make the song without each stem, as `minus_<stem>`.",
    default=False,
    stage=COMPOSITE,
)
PREVIEW: Final = Option(
    "preview",
    "flag",
    "Playable in the mixer",
    "Also make what the mixer of the portal plays.",
    default=True,
)
ALLOW_SMALLER_MODEL: Final = Option(
    "allow_smaller_model",
    "flag",
    "If the graphics card is full, rather take a smaller model",
    "Rather take a smaller model of the same stems than none on a full GPU.",
    default=False,
)
ALLOW_REMOTE: Final = Option(
    "allow_remote",
    "flag",
    "The song may go to another machine",
    "The song may be sent to the site's remote service.",
    default=True,
)
SCORE: Final[Option[ScoredSong | None]] = Option(
    "score",
    "choice",
    "Compare with the true stems",
    "Compare the stems with the true ones of the song that `python -m separation.demo` writes.",
    default=None,
    values={"demo": "The demonstration song"},
)
RANGE_START_S: Final[Option[float | None]] = Option(
    "range_start_s",
    "number",
    "Begin at, seconds",
    "Only the song from here on.",
    default=None,
    # A million seconds are eleven days: longer than any song, and valid in every notation.
    range=Bounds(0.0, 1e6),
    unit="seconds",
    usual="the song's beginning; beside a length, a third of the song",
)
RANGE_LENGTH_S: Final[Option[float | None]] = Option(
    "range_length_s",
    "number",
    "Length, seconds",
    "Only so many seconds of the song; one that is no longer is taken whole.",
    default=None,
    range=Bounds(1.0, 1e6),
    unit="seconds",
    usual="all that follows",
)
NI_STEMS: Final = Option(
    "ni_stems",
    "flag",
    "One file for DJs",
    "Also one `.stem.mp4` with the song and four stems, for Traktor and Mixxx; needs all stems.",
    default=False,
)
ENSEMBLE: Final[Option[None]] = Option(
    "ensemble",
    "notation",
    "Ensemble",
    "Several separators whose stems become one set.",
    default=None,
    syntax="the name of an ensemble, or an object with `members` (each with `separator`, and if "
    "need be `model` and `weights`), `combine` (`mean`, `min` or `max`) and `stems` (`same` or "
    "`common`)",
)
DETAILS: Final[Option[tuple[()]]] = Option(
    "details",
    "notation",
    "Split stems again",
    "Stems, or `song`, to split again.",
    default=(),
    syntax="`drums=spectral,vocals=demucs:htdemucs`, or a list of objects with `stem`, `separator` "
    "and, if need be, any other choice of a separation",
    usual="none",
)
DENOISE: Final[Option[tuple[()]]] = Option(
    "denoise",
    "notation",
    "Stems with less noise",
    "Stems to have with less noise as well, by a strength from 0 to 1.",
    default=(),
    syntax="`vocals=0.5,drums`, or a list of objects with `stem` and `strength`",
    usual="none",
)

OPTIONS: Final[Mapping[str, Option[Any]]] = {
    row.name: row
    for row in (
        PRESET,
        SEPARATOR,
        MODEL,
        REPO,
        STEMS,
        TWO_STEMS,
        STAGES,
        FORMAT,
        SAMPLE_RATE_HZ,
        MP3_BITRATE_KBPS,
        TARGET_DB,
        LEVEL_MEASURE,
        NORMALIZE,
        TRUE_PEAK_CEILING_DBTP,
        DEVICE,
        OVERLAP,
        SEGMENT_S,
        SHIFTS,
        SEED,
        MINUS,
        PREVIEW,
        ALLOW_SMALLER_MODEL,
        ALLOW_REMOTE,
        SCORE,
        RANGE_START_S,
        RANGE_LENGTH_S,
        NI_STEMS,
        ENSEMBLE,
        DETAILS,
        DENOISE,
    )
}
"""In the order of forms, commands and documents."""

DENOISE_STRENGTH: Final = Option(
    "strength",
    "number",
    "Strength, 0 to 1",
    "At 1 steady noise, such as hiss, goes down by 24 dB.",
    default=0.5,
    range=Bounds(0.0, 1.0),
    step=0.1,
)
"""The strength of each stem that ``denoise`` names; not an option of a job by itself."""
