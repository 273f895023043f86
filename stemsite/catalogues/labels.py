"""The labels and descriptions in the tables of the audio core, as pages show them."""

import re
from collections.abc import Iterator

from separation.audio.decoding.sniff import ACCEPTED_WORDS, NOT_SOUND
from separation.catalogue import CATALOGUE, ELSEWHERE
from separation.ensemble import ENSEMBLES
from separation.families import FAMILIES
from separation.formats import FORMATS, SAME_LABEL
from separation.options import DENOISE_STRENGTH, OPTIONS
from separation.quality.explanations import CLEAN, SILENT, TITLES
from separation.request.presets import PRESETS
from separation.stage_table import STAGES

STEMS = (
    "vocals", "drums", "bass", "other", "guitar", "piano", "harmonic", "percussive", "residual",
    "main", "accompaniment", "instrumental", "speech", "music", "effects", "song", "mixture",
    "no vocals", "no drums", "no bass", "no other", "minus vocals", "minus drums", "minus bass",
    "minus other", "kick", "snare", "toms", "hihat", "hi hat", "cymbals", "ride", "crash",
    "harmonic main", "percussive main",
)  # fmt: skip
"""Names of stems and tracks that come often, as people say them; others are shown as they are."""


FRAGMENTS = (
    "Own choice", "Automatic", "Another machine", "You", "The group %(name)s",
    "%(size)s more do not fit", "There is no room for anything more",
    "%(minutes)s of them are left", "it has failed", "it was cancelled", "waiting", "processing",
    "completed", "failed", "cancelled", "silent", "no %(stem)s", "nothing else",
    "It is %(level)s quieter than the song", "There is nothing in it",
    "%(level)s, so there is no level to normalize by",
    "so faint that it was raised by %(db)s dB only",
    "kept below the target by the true-peak ceiling of %(dbtp)s dBTP",
    "silent or shorter than 0.4 s", "that are not numbers (NaN or infinity)",
    "%(peak)s times as loud as full scale, which no sound is", "No worker is running",
    "Next in line, %(start)s.", "%(number)sst in line, %(start)s.",
    "%(number)snd in line, %(start)s.", "%(number)srd in line, %(start)s.",
    "%(number)sth in line, %(start)s.", " (next in line)", " (%(number)sst in line)",
    " (%(number)snd in line)", " (%(number)srd in line)", " (%(number)sth in line)",
    "starts when a worker for it is free", "starts in a moment", "starts in about %(time)s",
    "starts within %(time)s", "goes on when a worker for it is free", "goes on in a moment",
    "goes on in about %(time)s", "goes on within %(time)s", "about %(time)s", "up to %(time)s",
    "%(flagged)s of %(stems)s stems should be looked at",
)  # fmt: skip
"""Parts that the code puts into sentences."""


def labels() -> Iterator[str]:
    for name in STEMS:
        yield name
        yield name.capitalize()
    yield from (*FRAGMENTS, ACCEPTED_WORDS, *(words for _, _, words in NOT_SOUND))
    for stage in STAGES.values():
        yield from (stage.label, stage.activity, stage.title, stage.text)
    for family in FAMILIES:
        yield from (family.title, family.note)
    for preset in PRESETS:
        yield from (preset.label, preset.description)
    for format_ in FORMATS.values():
        yield format_.label
    yield SAME_LABEL
    for option in (*OPTIONS.values(), DENOISE_STRENGTH):
        yield from (option.label, option.plain_sentence, *option.values.values())
    for model in (*CATALOGUE, *ELSEWHERE):
        yield from (model.label, model.description)
    for ensemble in ENSEMBLES:
        yield from (ensemble.label, ensemble.description)
    yield from (CLEAN, SILENT)
    yield from (re.sub(r"\{(\w+)\}", r"%(\1)s", title) for title in TITLES)
