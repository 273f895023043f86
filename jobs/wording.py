"""Formats names and numbers of jobs for people, on pages and in the data of their scripts."""

from django.utils.translation import gettext as _

from jobs.sentences import in_digits, translated
from separation.families import spoken_name
from separation.stage_table import STAGES


def stage_label(name: str) -> str:
    """The label of a stage. An unknown stage, which another version ran, gets one from its name."""
    label = STAGES[name].label if name in STAGES else name.replace("_", " ").capitalize()
    return translated(label)


def track_label(name: str) -> str:
    """A track's name, each of its parts in the language of the page."""
    if name == "ni_stems":
        return _("All stems in one file")
    spoken = spoken_name(name)
    words = ": ".join(translated(part) for part in spoken.split(": "))
    return spoken.capitalize() if words == spoken else words[:1].upper() + words[1:]


def took(seconds: float | None) -> str:
    """How long a stage ran."""
    if seconds is None:
        return ""
    if seconds < 60:
        return in_digits(f"{seconds:.1f} s")
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def decibels(value: float | None, unit: str) -> str:
    """One decimal with a true minus sign; silence has no level."""
    if value is None:
        return _("silent")
    return in_digits(f"{value:.1f} {unit}".replace("-", "\N{MINUS SIGN}"))
