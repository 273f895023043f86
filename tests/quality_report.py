"""A report on two stems as the pipeline makes them, one of them clipped."""

from typing import Any

from separation.quality.report import Finding, QualityReport, SignalQuality, StemQuality

_SIGNAL: dict[str, Any] = {
    "loudness_lufs": -18.2,
    "true_peak_dbtp": -3.0,
    "clipped_samples": 0,
    "clipped_share": 0.0,
    "silence_share": 0.12,
    "entropy": 0.42,
    "flatness": 0.01,
    "levels_db": (-90, -30, -20, -25),
    "bands_db": tuple(range(-20, -92, -3)),
}
_CLIPPED = Finding(code="clipped", title="Clipped", detail="Its loudest moments are cut off flat.")


def make_report() -> QualityReport:
    song = {**_SIGNAL, "loudness_lufs": -14.0, "silence_share": 0.0, "entropy": 0.51}
    return QualityReport(
        complete=True,
        residual_db=-84.0,
        song=SignalQuality(**{**song, "flatness": 0.001, "levels_db": (-30, -12, -10, -14)}),
        stems=(_stem("vocals", "drums", _CLIPPED), _stem("drums", "vocals")),
        findings=(),
        verdict="1 of 2 stems should be looked at",
        reason="Vocals: the reason is given there.",
    )


def _stem(name: str, other: str, *findings: Finding) -> StemQuality:
    clipped = {"clipped_samples": 2000, "clipped_share": 0.005} if findings else {}
    return StemQuality(
        **{**_SIGNAL, **clipped},
        name=name,
        relative_db=-6.0,
        fit_gain=1.0,
        delay_ms=0.0,
        bleed={other: 0.31},
        findings=findings,
        verdict=findings[0].title if findings else "No fault found",
        reason=findings[0].detail if findings else "In time and not clipped.",
    )
