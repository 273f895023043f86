"""The families of tracks that a job may deliver: one row for each stage that makes tracks.

Pages, migrations and documents are made from these rows; a stage that delivers tracks of a new kind
adds its row here. Titles and notes come from :mod:`separation.stage_table` unless the row has its
own. A track may have a *parent*: the track that it is a part or another version of.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from separation.audio.names import clean_name
from separation.stage_table import (
    COMPOSITE,
    DENOISE,
    DETAILS,
    EXPORT,
    HARMONIC_PERCUSSIVE,
    NORMALIZATION,
    SEPARATION,
    STAGES,
)

RESIDUAL = "residual"
"""The track of what the stems lack of the song, or the parts lack of a stem."""

SONG = "song"
"""Stands for the song itself where a stem is named; no stem may have this name."""

RESERVED_STEMS = frozenset({RESIDUAL, SONG, "mixture"})
"""Names that no stem may have, because they mean something else."""

_STEM_NAME = re.compile(r"\w[\w -]{0,39}")

SEPARATED_SUFFIX = "_output"
"""The end of the name of the folder of stems, which begins with the separator that ran."""

_SEPARATOR = "__"
"""Between the names of a parent and of its child; names of stems have single underscores."""


@dataclass(frozen=True)
class Family:
    """``folder``: below the job's folder; empty where the separator names it. A page shows
    ``title`` and ``note`` above the tracks."""

    stage: str
    folder: str
    title: str
    note: str


def _family(stage: str, folder: str, note: str = "") -> Family:
    row = STAGES[stage]
    return Family(stage, folder, row.title, note or row.text)


FAMILIES = (
    _family(SEPARATION, "", "Together with the residual they sum to the song you sent."),
    _family(DETAILS, "details"),
    _family(DENOISE, "denoised"),
    _family(HARMONIC_PERCUSSIVE, "harmonic_percussive"),
    _family(COMPOSITE, "composite"),
    _family(NORMALIZATION, "normalized"),
    Family(
        EXPORT,
        "ni_stems",
        "For DJs",
        "The song and its stems in one file, for Traktor and Mixxx.",
    ),
)


def invalid_stem_name(stems: Sequence[str]) -> str | None:
    """The first name that no stem can have: it is no name of a file, is reserved, or is the name of
    an earlier stem. None where all names are valid."""
    for place, name in enumerate(stems):
        if not isinstance(name, str) or not _STEM_NAME.fullmatch(name):
            return str(name)
        if name in RESERVED_STEMS or name in stems[:place] or clean_name(name) != name:
            return name
    return None


def child_name(parent: str, child: str) -> str:
    """The name of a track that is a part of another."""
    return f"{parent}{_SEPARATOR}{child}"


def spoken_name(name: str) -> str:
    """A track's name for people: ``drums__kick`` becomes "drums: kick"."""
    return name.replace(_SEPARATOR, ": ").replace("_", " ")


def child_part(name: str) -> str:
    """A child's name without that of its parent; the whole name of any other track."""
    return name.partition(_SEPARATOR)[2] or name


def overlapping_words(separator: str, model: str | None) -> str:
    """The sentence that refuses to split the song by a model whose stems overlap, with a remedy."""
    named = f"{separator}:{model}" if model else separator
    return (
        f"The stems of {named} overlap: one sound may be in several of them, so that together they "
        f"are not the song. Ask for them as details of the song instead ({SONG}={named})."
    )
