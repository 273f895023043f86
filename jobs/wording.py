"""Formats names and numbers of jobs for people, on pages and in the data of their scripts."""

from separation.families import spoken_name
from separation.stage_table import STAGES

_TRACKS = {"ni_stems": "All stems in one file"}


def stage_label(name: str) -> str:
    """The label of a stage. An unknown stage, which another version ran, gets one from its name."""
    return STAGES[name].label if name in STAGES else name.replace("_", " ").capitalize()


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
