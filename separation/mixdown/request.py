"""The validated request of a mix, and the task that is built from it."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from separation.errors import InvalidOptions
from separation.formats import OutputFormat
from separation.option_types import Mp3BitrateKbps
from separation.options import FORMAT, MP3_BITRATE_KBPS
from separation.validation import first_fault

SLOWEST, FASTEST = 0.5, 1.5
"""The ends of the mixer's slider."""

VOCALS = "vocals"
QUIET_VOCALS_DB = -12.0

LOUDEST_DB = 12.0
QUIETEST_DB = -120.0

_CONFIG = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MixStem(BaseModel):
    """One stem of a mix. ``pan``: -1 left to 1 right. A stem with ``solo`` silences all stems
    without it."""

    model_config = _CONFIG

    name: str = Field(max_length=128)
    gain_db: float = Field(default=0.0, ge=QUIETEST_DB, le=LOUDEST_DB)
    pan: float = Field(default=0.0, ge=-1.0, le=1.0)
    mute: bool = False
    solo: bool = False


class MixRequest(BaseModel):
    """``stems``: the stems of the mix; others are silent. ``karaoke``, instead of ``stems``: all
    stems without the vocals, or with the vocals at ``QUIET_VOCALS_DB``. ``gain_db``: gain of the
    whole mix. ``start_s`` and ``end_s``: range of the song, before ``speed`` changes its length.
    """

    model_config = _CONFIG

    stems: tuple[MixStem, ...] = Field(default=(), max_length=64)
    karaoke: Literal["without", "quiet"] | None = None
    gain_db: float = Field(default=0.0, ge=QUIETEST_DB, le=LOUDEST_DB)
    start_s: float | None = Field(default=None, ge=0.0)
    end_s: float | None = Field(default=None, gt=0.0)
    speed: float = Field(default=1.0, ge=SLOWEST, le=FASTEST)
    format: OutputFormat = FORMAT.default
    mp3_bitrate_kbps: Mp3BitrateKbps = MP3_BITRATE_KBPS.default

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.stems) == (self.karaoke is not None):
            raise ValueError("say which `stems` are to be heard, or `karaoke`, and not both")
        names = [stem.name for stem in self.stems]
        doubled = [name for name in names if names.count(name) > 1]
        if doubled:
            raise ValueError(f"the stem {doubled[0]!r} is named twice")
        if self.stems and not self.audible(self.stems):
            raise ValueError("nothing is to be heard of this mix: every stem is muted")
        if self.start_s is not None and self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError(f"the range ends at {self.end_s:g} s, before it starts")
        return self

    @staticmethod
    def audible(stems: tuple[MixStem, ...]) -> tuple[MixStem, ...]:
        """Return the stems that mute and solo leave audible, as in the mixer."""
        has_solo = any(stem.solo and not stem.mute for stem in stems)
        return tuple(stem for stem in stems if not stem.mute and (stem.solo or not has_solo))

    def stems_of(self, known: list[str]) -> tuple[MixStem, ...]:
        """Return the audible stems among those of the song, ``known``.

        Raises ``InvalidOptions`` for an unknown name, and for karaoke without vocals.
        """
        if self.karaoke is None:
            unknown = [stem.name for stem in self.stems if stem.name not in known]
            if unknown:
                raise InvalidOptions(
                    f"There is no stem {unknown[0]!r} to mix. Choose: {', '.join(known)}."
                )
            return self.audible(self.stems)
        others = tuple(MixStem(name=name) for name in known if name != VOCALS)
        if VOCALS not in known or not others:
            raise InvalidOptions(
                f"Karaoke needs vocals and something else; this song has: {', '.join(known)}."
            )
        quiet = self.karaoke == "quiet"
        return (*others, MixStem(name=VOCALS, gain_db=QUIET_VOCALS_DB)) if quiet else others


class MixFile(BaseModel):
    """One delivered file; ``gain`` is linear."""

    model_config = _CONFIG

    path: Path
    gain: float
    pan: float


class MixTask(BaseModel):
    """The task of the rendering process. ``start`` and ``frames``: range of the files, all of which
    have ``sample_rate_hz``. ``container`` and ``codec``: those of the song, for the format "same".
    ``title``: title for a file whose own tags have none."""

    model_config = _CONFIG

    files: tuple[MixFile, ...] = Field(min_length=1)
    sample_rate_hz: int
    start: int = Field(ge=0)
    frames: int = Field(ge=1)
    speed: float
    format: OutputFormat
    container: str
    codec: str
    mp3_bitrate_kbps: int
    folder: Path
    title: str
    kind: str

    @property
    def delivered_frames(self) -> int:
        return max(1, round(self.frames / self.speed))


def parse_mix(options: Any) -> MixRequest:
    """Validate untrusted options; raises ``InvalidOptions`` with the first fault in words."""
    try:
        return MixRequest.model_validate(options)
    except ValidationError as error:
        raise InvalidOptions(first_fault(error)) from None


def linear(gain_db: float) -> float:
    return float(10 ** (gain_db / 20))
