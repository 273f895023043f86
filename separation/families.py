"""The families of tracks that a job may deliver: one row for each stage that makes some.

Pages, migrations and documents are made from these rows; a stage that delivers tracks of a new kind
adds its row here. Titles and notes are those of :mod:`separation.stage_table`, where a page has
nothing else to say. A track may have a *parent*: the track of which it is a part, or another
version.
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
"""The track of what the stems leave of the song, or its parts of a stem."""

SONG = "song"
"""Names the song itself where a stem is asked for; no stem may be called that."""

RESERVED_STEMS = frozenset({RESIDUAL, SONG, "mixture"})
"""What no stem may be called, as it is the name of something else."""

_STEM_NAME = re.compile(r"\w[\w -]{0,39}")

SEPARATED_SUFFIX = "_output"
"""Of the folder of stems, which begins with the name of the separator that ran."""

_BETWEEN = "__"
"""Parts the name of a parent from that of its child, as stems have single underscores."""


@dataclass(frozen=True)
class Family:
    """``folder`` in the job's folder, empty where the separator names it. ``title`` and ``note``
    stand over the tracks on a page."""

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


def wrong_stem(stems: Sequence[str]) -> str | None:
    """The first that cannot be a stem's name, as it would be no name of a file, is taken by
    something else or by a stem before it; None where all can."""
    for place, name in enumerate(stems):
        if not isinstance(name, str) or not _STEM_NAME.fullmatch(name):
            return str(name)
        if name in RESERVED_STEMS or name in stems[:place] or clean_name(name) != name:
            return name
    return None


def child_name(parent: str, child: str) -> str:
    """The name of a track that is a part of another."""
    return f"{parent}{_BETWEEN}{child}"


def spoken_name(name: str) -> str:
    """A track's name as people read it: ``drums__kick`` is "drums: kick"."""
    return name.replace(_BETWEEN, ": ").replace("_", " ")


def own_part(name: str) -> str:
    """Of a child's name what is not its parent's; the whole name of any other track."""
    return name.partition(_BETWEEN)[2] or name


def overlapping_words(separator: str, model: str | None) -> str:
    """Why a model whose stems overlap does not split the song, and what does."""
    named = f"{separator}:{model}" if model else separator
    return (
        f"The stems of {named} overlap: one sound may be in several of them, so that together they "
        f"are not the song. Ask for them as details of the song instead ({SONG}={named})."
    )
