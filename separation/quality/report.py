"""The report on a separation's quality: numbers, and sentences that explain them.

The report is part of the manifest and is kept with it for ever. ``version`` rises when a field
changes its meaning.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

REPORT_VERSION = 1

Code = Literal[
    "clipped", "empty", "whole_song", "same_sound", "inverted", "late", "early", "too_loud",
    "too_quiet", "not_in_the_song", "bleed", "residual",
]  # fmt: skip


class _ReportModel(BaseModel):
    # As in the manifest, unknown fields of a later version are kept.
    model_config = ConfigDict(frozen=True, extra="allow")


class Finding(_ReportModel):
    """One fault or oddity: ``title`` names it in a few words, ``detail`` gives the reason."""

    code: Code
    title: str
    detail: str


class SignalQuality(_ReportModel):
    """Measurements of one signal, before any common gain of the delivered files.

    ``loudness_lufs`` and ``true_peak_dbtp``: by ITU-R BS.1770-4, ``None`` for minus infinity.
    ``clipped_samples``: samples in flat tops, over both channels. ``clipped_share``: their share of
    all samples, ``silence_share``: share of the time, 0 to 1. ``entropy`` and ``flatness``: those
    of the spectrum, 0 (a tone) to 1 (white noise), ``None`` for silence. ``levels_db`` over time
    and ``bands_db`` in the 24 critical bands: in dBFS (RMS).
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
    """``relative_db``: level against the song (RMS), ``None`` for silence. ``fit_gain``: the gain
    with which the stem fits into the song best; 1 is right. ``delay_ms``: delay of the stem against
    the song. ``bleed``: correlation of the band envelopes with each other stem, -1 to 1.
    ``findings``: empty if no fault was found."""

    name: str
    relative_db: float | None
    fit_gain: float
    delay_ms: float
    bleed: dict[str, float]
    findings: tuple[Finding, ...]
    verdict: str
    reason: str


class PartsQuality(_ReportModel):
    """Whether the ``parts`` of a split stem sum to it. ``complete`` and ``residual_db`` as in the
    whole report, against the stem; both have no meaning if the parts are ``overlapping``."""

    parent: str
    parts: tuple[str, ...]
    complete: bool
    overlapping: bool
    residual_db: float | None
    is_flagged: bool
    reason: str


class QualityReport(_ReportModel):
    """``complete``: the separation has all stems of the model, so they should sum to the song.
    ``residual_db``: level of the song minus all stems against the song (RMS), ``None`` for minus
    infinity. ``findings``: those that concern no single stem. ``details``: one entry for each split
    stem."""

    version: int = Field(default=REPORT_VERSION)
    complete: bool
    residual_db: float | None
    song: SignalQuality
    stems: tuple[StemQuality, ...]
    findings: tuple[Finding, ...]
    verdict: str
    reason: str
    details: tuple[PartsQuality, ...] = ()
