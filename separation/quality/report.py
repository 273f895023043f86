"""What is told of a separation's quality: numbers, and what they mean in words.

It is part of the manifest and is kept with it for ever; ``version`` rises when a field changes its
meaning.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

REPORT_VERSION = 1

Code = Literal[
    "clipped", "empty", "whole_song", "same_sound", "inverted", "late", "early", "too_loud",
    "too_quiet", "not_in_the_song", "bleed", "residual",
]  # fmt: skip


class _Told(BaseModel):
    # As in the manifest: unknown fields of a later version are dropped on reading.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Finding(_Told):
    """One thing that is wrong or odd: ``title`` in a few words, ``detail`` says why."""

    code: Code
    title: str
    detail: str


class SignalQuality(_Told):
    """What was measured of one signal, before any common gain of the delivered files.

    ``loudness_lufs`` and ``true_peak_dbtp`` after ITU-R BS.1770-4, None for minus infinity.
    ``clipped_samples`` stand in flat tops, over both channels. ``silence_share`` of the time,
    ``clipped_share`` of the samples, 0 to 1. ``entropy`` and ``flatness`` of the spectrum, 0 (a
    tone) to 1 (white noise), None for silence. ``levels_db`` over time and ``bands_db`` in the 24
    critical bands, in dBFS (RMS).
    """

    loudness_lufs: float | None
    true_peak_dbtp: float | None
    clipped_samples: int
    clipped_share: float
    silence_share: float
    entropy: float | None
    flatness: float | None
    levels_db: tuple[int, ...]
    bands_db: tuple[int, ...]


class StemQuality(SignalQuality):
    """``relative_db``: level against the song (RMS), None for silence. ``fit_gain``: the gain with
    which the stem fits into the song best; 1 is right. ``delay_ms``: how much later than in the
    song it plays. ``bleed``: for each other stem, how much this one moves with it: correlation of
    band envelopes, -1 to 1. ``findings``: empty where nothing was found."""

    name: str
    relative_db: float | None
    fit_gain: float
    delay_ms: float
    bleed: dict[str, float]
    findings: tuple[Finding, ...]
    verdict: str
    reason: str


class PartsQuality(_Told):
    """A stem that was split again: do its ``parts`` sum to it? ``complete`` and ``residual_db`` as
    in the whole report, against the stem; neither counts where the parts are ``overlapping``."""

    parent: str
    parts: tuple[str, ...]
    complete: bool
    overlapping: bool
    residual_db: float | None
    is_flagged: bool
    reason: str


class QualityReport(_Told):
    """``complete``: all stems of the model are there, so they should sum to the song.
    ``residual_db``: level of the song minus all stems against the song (RMS), None for nothing.
    ``findings`` are those of no stem in particular. ``details``: of each stem that was split
    again."""

    version: int = Field(default=REPORT_VERSION)
    complete: bool
    residual_db: float | None
    song: SignalQuality
    stems: tuple[StemQuality, ...]
    findings: tuple[Finding, ...]
    verdict: str
    reason: str
    details: tuple[PartsQuality, ...] = ()
