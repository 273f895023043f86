"""How names and numbers of jobs are written for people, on pages as in their scripts."""

from separation.families import spoken_name

_STAGES = {
    "prepare": "Prepare",
    "separation": "Separate stems",
    "details": "Split stems again",
    "denoise": "Reduce noise",
    "listening": "Make playable",
    "harmonic_percussive": "Split harmonic and percussive",
    "composite": "Build composites",
    "normalization": "Normalize",
    "quality": "Check quality",
    "score": "Compare with the true stems",
    "export": "Encode and verify",
}
_TRACKS = {"ni_stems": "All stems in one file"}


def stage_label(name: str) -> str:
    return _STAGES.get(name, name.replace("_", " ").capitalize())


def track_label(name: str) -> str:
    return _TRACKS.get(name) or spoken_name(name).capitalize()


def took(seconds: float | None) -> str:
    """How long a stage ran."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def decibels(value: float | None, unit: str) -> str:
    """One decimal with a true minus sign; silence has no level."""
    if value is None:
        return "silent"
    return f"{value:.1f} {unit}".replace("-", "\N{MINUS SIGN}")
