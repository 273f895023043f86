"""The request of a person: validated once and turned into a pipeline.

The command line, the API and the web form all fill a :class:`SeparationRequest`; none of them
depends on a stage's parameters.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from separation import options
from separation.ensemble import ensemble_document
from separation.errors import InvalidOptions
from separation.families import SONG
from separation.formats import OutputFormat
from separation.option_types import (
    Mp3BitrateKbps,
    Overlap,
    RangeLengthS,
    RangeStartS,
    Seed,
    SegmentS,
    Shifts,
    TargetDb,
    TruePeakCeilingDbtp,
)
from separation.options import (
    DeviceChoice,
    LevelMeasure,
    NormalizeMode,
    SampleRateHz,
    ScoredSong,
)
from separation.protocol.jobspec import StageRequest
from separation.request.presets import PRESET_NAMES
from separation.request.splits import (
    MAX_SPLITS,
    MAX_STEMS,
    DenoiseRequest,
    EnsembleField,
    SplitRequest,
    check_each_once,
    check_ensemble,
)
from separation.stage_table import (
    COMPOSITE,
    DENOISE,
    DETAILS,
    EXPORT,
    LISTENING,
    NORMALIZATION,
    OPTIONAL_STAGES,
    PREPARE,
    QUALITY,
    SCORE,
    SEPARATION,
    STAGES,
)
from separation.validation import first_fault


class SeparationRequest(BaseModel):
    """All options of one job, with the specification's defaults; :mod:`separation.options` explains
    each.

    For ``range_start_s`` and ``range_length_s`` see :mod:`separation.stages.prepare`, for
    ``ni_stems`` :mod:`separation.stages.ni_stems`, for ``ensemble`` :mod:`separation.ensemble`, for
    ``details`` and ``denoise`` :mod:`separation.request.splits`. ``preset``: the name of the preset
    that the choices came from (:mod:`separation.request.presets`); it has no effect here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str | None = None
    separator: str = options.SEPARATOR.default
    model: str | None = None
    repo: Path | None = None
    stems: tuple[str, ...] | None = Field(default=None, max_length=MAX_STEMS)
    two_stems: str | None = None
    stages: tuple[str, ...] = options.STAGES.default
    format: OutputFormat = options.FORMAT.default
    sample_rate_hz: SampleRateHz = options.SAMPLE_RATE_HZ.default
    mp3_bitrate_kbps: Mp3BitrateKbps = options.MP3_BITRATE_KBPS.default
    device: DeviceChoice = options.DEVICE.default
    shifts: Shifts = options.SHIFTS.default
    overlap: Overlap = options.OVERLAP.default
    segment_s: SegmentS | None = None
    seed: Seed = options.SEED.default
    target_db: TargetDb = options.TARGET_DB.default
    level_measure: LevelMeasure = options.LEVEL_MEASURE.default
    normalize: NormalizeMode = options.NORMALIZE.default
    true_peak_ceiling_dbtp: TruePeakCeilingDbtp = options.TRUE_PEAK_CEILING_DBTP.default
    minus: bool = options.MINUS.default
    preview: bool = options.PREVIEW.default
    allow_smaller_model: bool = options.ALLOW_SMALLER_MODEL.default
    allow_remote: bool = options.ALLOW_REMOTE.default
    score: ScoredSong | None = None
    range_start_s: RangeStartS | None = None
    range_length_s: RangeLengthS | None = None
    ni_stems: bool = options.NI_STEMS.default
    ensemble: EnsembleField = None
    details: tuple[SplitRequest, ...] = Field(default=(), max_length=MAX_SPLITS)
    denoise: tuple[DenoiseRequest, ...] = Field(default=(), max_length=MAX_STEMS)

    @model_validator(mode="after")
    def _check(self) -> Self:
        unknown = [name for name in self.stages if name not in OPTIONAL_STAGES]
        if unknown:
            raise ValueError(
                f"there is no stage {unknown[0]!r}; choose from {', '.join(OPTIONAL_STAGES)}"
            )
        if self.stems is not None and self.two_stems is not None:
            raise ValueError("ask for `stems` or for `two_stems`, not for both")
        if "remote" in self._separators() and not self.allow_remote:
            # This also ends a loop of sites that send each other their songs.
            raise ValueError("the separator 'remote' was asked for, but `allow_remote` is off")
        if not self.stages and not self.details:
            raise ValueError("choose at least one stage")
        if "composite" in self.stages and "separation" not in self.stages:
            raise ValueError("the stage 'composite' needs the stage 'separation'")
        if self.score is not None and "separation" not in self.stages:
            raise ValueError("a score needs the stage 'separation'")
        if self.ni_stems and (self.stems or self.two_stems or "separation" not in self.stages):
            raise ValueError("the file for DJs (`ni_stems`) needs all stems of the separation")
        if self.preset is not None and self.preset not in PRESET_NAMES:
            raise ValueError(f"there is no preset {self.preset!r}: {', '.join(PRESET_NAMES)}")
        self._check_second_level()
        if set(self.stages) == {"normalization"}:
            raise ValueError(
                "the stage 'normalization' needs 'separation' or 'harmonic_percussive' before it"
            )
        return self

    def _separators(self) -> set[str]:
        """All separators that are named, at both levels and as members of ensembles."""
        levels: tuple[SeparationRequest | SplitRequest, ...] = (self, *self.details)
        members = [each.ensemble.members for each in levels if each.ensemble is not None]
        named = {member.separator for group in members for member in group}
        return {*named, *(each.separator for each in levels)}

    def _check_second_level(self) -> None:
        check_ensemble(self.separator, self.model, self.ensemble)
        for name, requests in (("details", self.details), ("denoise", self.denoise)):
            check_each_once([each.stem for each in requests])
            missing = [each.stem for each in requests if not self._may_have(each.stem, name)]
            if missing:
                raise ValueError(
                    f"`{name}` names the stem {missing[0]!r}, which this job does not separate"
                )

    def _may_have(self, stem: str, option: str) -> bool:
        """Whether the job may have this stem for ``option``. The request alone does not show which
        stems a model gives."""
        if stem == SONG:
            return option == "details"
        if "separation" not in self.stages:
            return False
        if self.two_stems is not None:
            return stem in (self.two_stems, f"no_{self.two_stems}")
        return self.stems is None or stem in self.stems

    def to_pipeline(self) -> tuple[StageRequest, ...]:
        """The stages with their parameters, as they are stored with the job, in the order of
        :data:`separation.stage_table.STAGES`."""
        params = self._stage_params()
        return tuple(
            StageRequest(name=name, params=params[name]) for name in STAGES if name in params
        )

    def _stage_params(self) -> dict[str, dict[str, Any]]:
        """The parameters of each stage that this request needs."""
        song_range = {"start_s": self.range_start_s, "length_s": self.range_length_s}
        params: dict[str, dict[str, Any]] = {
            PREPARE: {name: value for name, value in song_range.items() if value is not None},
            EXPORT: {
                "format": self.format,
                "sample_rate_hz": self.sample_rate_hz,
                "mp3_bitrate_kbps": self.mp3_bitrate_kbps,
                "ni_stems": self.ni_stems,
            },
        }
        optional = self._optional_params()
        params |= {name: optional.get(name, {}) for name in self.stages}
        params |= self._second_level_params()
        if self.preview and (SEPARATION in self.stages or self.details):
            params[LISTENING] = {}
        if SEPARATION in self.stages:
            params[QUALITY] = {}
        if self.score is not None:
            params[SCORE] = {"song": self.score}
        return params

    def _optional_params(self) -> dict[str, dict[str, Any]]:
        """The parameters of the stages that a person chooses by name; none means an empty dict."""
        return {
            SEPARATION: {
                "separator": self.separator,
                "model": self.model,
                "repo": str(self.repo) if self.repo else None,
                "stems": self.stems,
                "two_stems": self.two_stems,
                **({"ensemble": ensemble_document(self.ensemble)} if self.ensemble else {}),
                "shifts": self.shifts,
                "overlap": self.overlap,
                "segment_s": self.segment_s,
                "seed": self.seed,
                **self._placement(),
            },
            COMPOSITE: {"minus": self.minus},
            NORMALIZATION: {
                "mode": self.normalize,
                "target_db": self.target_db,
                "measure": self.level_measure,
                "true_peak_ceiling_dbtp": self.true_peak_ceiling_dbtp,
            },
        }

    def _second_level_params(self) -> dict[str, dict[str, Any]]:
        params: dict[str, dict[str, Any]] = {}
        if self.details:
            splits = [each.model_dump(mode="json", exclude_none=True) for each in self.details]
            params[DETAILS] = {"splits": splits, **self._placement()}
        if self.denoise:
            params[DENOISE] = {"stems": [each.model_dump(mode="json") for each in self.denoise]}
        return params

    def _placement(self) -> dict[str, Any]:
        return {
            "device": self.device,
            "allow_smaller_model": self.allow_smaller_model,
            "allow_remote": self.allow_remote,
        }


def parse_request(choices: dict[str, Any]) -> SeparationRequest:
    """Validate choices from outside. Raises ``InvalidOptions`` with the first fault in words."""
    try:
        return SeparationRequest.model_validate(choices)
    except ValidationError as error:
        raise InvalidOptions(first_fault(error)) from None


def check_fields(choices: Mapping[str, Any]) -> None:
    """Raises ``InvalidOptions`` for a choice that is wrong by itself. The choices may be
    incomplete, so rules between several fields are not checked."""
    try:
        SeparationRequest.model_validate(choices)
    except ValidationError as error:
        # Rules between fields are checked when all fields are valid; their errors have no place.
        if error.errors()[0]["loc"]:
            raise InvalidOptions(first_fault(error)) from None


def parse_stems(text: str) -> dict[str, Any]:
    """Convert the short notation for stems to fields of a request.

    ``4``: all stems of a four-stem model, ``6``: the six of htdemucs_6s, ``2:vocals``: karaoke,
    ``vocals,drums``: these only. Raises ``InvalidOptions``.
    """
    text = text.strip()
    if text in ("", "4", "all"):
        return {}
    if text == "6":
        return {"separator": "demucs", "model": "htdemucs_6s"}
    if text.startswith("2:") and text[2:].strip():
        return {"two_stems": text[2:].strip()}
    names = tuple(part.strip() for part in text.split(","))
    if text[0].isdigit() or not all(names):
        raise InvalidOptions(
            f"stems {text!r} is not understood: write 4, 6, 2:vocals or a list such as vocals,drums"
        )
    return {"stems": names}
