"""The labels and descriptions in the tables of the audio core, as pages show them."""

import re
from collections.abc import Iterator

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


def labels() -> Iterator[str]:
    for name in STEMS:
        yield name
        yield name.capitalize()
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
        yield from (option.label, *option.values.values())
    for model in (*CATALOGUE, *ELSEWHERE):
        yield from (model.label, model.description)
    for ensemble in ENSEMBLES:
        yield from (ensemble.label, ensemble.description)
    yield from (CLEAN, SILENT)
    yield from (re.sub(r"\{(\w+)\}", r"%(\1)s", title) for title in TITLES)
