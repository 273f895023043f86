"""Presets: choices that go together, under a name that says what they are for.

Presets are plain data and know models by name only; the caller checks which models a server has.
Options that a preset does not set keep their other value. The authors of demucs say that an overlap
of 0.1 costs little quality and that averaged passes gain some (its README on ``--overlap`` and
``--shifts``).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from separation.catalogue import find_model
from separation.ensemble import ENSEMBLE, find_ensemble
from separation.errors import InvalidOptions, ModelUnavailable
from separation.options import OPTIONS
from separation.stage_table import OPTIONAL_STAGES, USUAL_STAGES

PREVIEW_S = 30.0
"""Long enough for a verse and the start of a chorus, and separated in seconds."""


@dataclass(frozen=True)
class ModelChoice:
    """A separator with its model; without a model the usual one, as a rule the site's."""

    separator: str | None = None
    model: str | None = None

    def choices(self) -> dict[str, Any]:
        return {"separator": self.separator, "model": self.model} if self.model else {}


@dataclass(frozen=True)
class Preset:
    """``choices``: fields of :class:`separation.request.separation_request.SeparationRequest`.
    ``models``: the first one that can run is taken. The last one needs no model, except in a preset
    that is ``only_where_there``: this is offered only where one of its models can run."""

    name: str
    label: str
    description: str
    choices: Mapping[str, Any]
    models: tuple[ModelChoice, ...] = field(default=(ModelChoice(),))
    only_where_there: bool = False


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="stems",
        label="Stems",
        description="Every stem of the song, for the mixer. Nothing else is made.",
        choices={"stages": USUAL_STAGES},
    ),
    Preset(
        name="preview",
        label="Preview",
        description=f"Only {PREVIEW_S:.0f} seconds of each song, from a third of the way in: "
        "enough to hear whether it is worth the wait.",
        choices={"stages": USUAL_STAGES, "range_length_s": PREVIEW_S, "overlap": 0.1},
    ),
    Preset(
        name="fast",
        label="Fast",
        description="Stems of the whole song by the usual model, with little overlap.",
        choices={"stages": USUAL_STAGES, "overlap": 0.1},
    ),
    Preset(
        name="best",
        label="Best",
        description="The best model on this site; a network goes over the song twice and the two "
        "are averaged.",
        choices={"stages": USUAL_STAGES, "shifts": 2},
        models=(ModelChoice("demucs", "htdemucs_ft"), ModelChoice()),
    ),
    Preset(
        name="ensemble",
        label="Several models",
        description="The stems of several models combined. Takes the time of all of them.",
        choices={"stages": USUAL_STAGES},
        models=(ModelChoice(ENSEMBLE, "htdemucs_mdx"), ModelChoice(ENSEMBLE, "htdemucs_standard")),
        only_where_there=True,
    ),
    Preset(
        name="full",
        label="Everything",
        description="Stems, the harmonic and the percussive part, sums such as the song without "
        "its vocals, and all of them again at one level.",
        choices={"stages": OPTIONAL_STAGES},
    ),
    Preset(
        name="karaoke",
        label="Karaoke",
        description="The vocals, and the song without them. Nothing else is made.",
        choices={"stages": USUAL_STAGES, "two_stems": "vocals"},
    ),
    Preset(
        name="dj",
        label="Stems for DJs",
        description="Besides the stems one .stem.mp4 file with all of them, for Traktor and Mixxx.",
        choices={"stages": USUAL_STAGES, "ni_stems": True},
    ),
)
PRESET_NAMES = tuple(preset.name for preset in PRESETS)

_EXCLUDE: Mapping[str, tuple[str, ...]] = {
    "separator": ("model", "ensemble"),
    "stems": ("two_stems", "ni_stems"),
    "two_stems": ("ni_stems",),
}
"""A given option also removes these options of a preset, because they exclude each other."""

IsThere = Callable[[str, str], bool]
"""Maps a separator and its model to whether both can run here without fetching anything, or to
whether the operator allows them."""


def offer_all(separator: str, model: str) -> bool:
    """The rule where the operator has set none: every model is allowed."""
    return True


@dataclass(frozen=True)
class Resolved:
    """A preset on one server. ``missing``: the label of the preferred model that is not there."""

    preset: Preset
    model: ModelChoice
    missing: str | None = None

    def choices(self) -> dict[str, Any]:
        """Fields of a request, including the preset's name."""
        return {"preset": self.preset.name, **self.model.choices(), **self.preset.choices}


def find_preset(name: str) -> Preset:
    """The preset of this name. Raises ``InvalidOptions``, which names all of them."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise InvalidOptions(f"There is no preset {name!r}. There are: {', '.join(PRESET_NAMES)}.")


def can_run(preset: Preset, is_there: IsThere, is_offered: IsThere = offer_all) -> bool:
    """Whether a preset can run on this server."""
    return not preset.only_where_there or any(
        is_offered(str(each.separator), str(each.model))
        and is_there(str(each.separator), str(each.model))
        for each in preset.models
    )


def resolve(preset: Preset, is_there: IsThere, is_offered: IsThere = offer_all) -> Resolved:
    """Choose the best model that is there and may be offered. Raises ``ModelUnavailable`` where the
    preset needs a model and none is there."""
    if not can_run(preset, is_there, is_offered):
        raise ModelUnavailable(_missing_words(preset))
    offered = [
        each
        for each in preset.models
        if each.model is None or is_offered(str(each.separator), each.model)
    ]
    for choice in offered:
        if choice.model is None or is_there(str(choice.separator), choice.model):
            break
    if preset.only_where_there:
        return Resolved(preset, choice)
    preferred = offered[0].model
    missing = find_model(preferred).label if preferred and choice != offered[0] else None
    return Resolved(preset, choice, missing)


def _missing_words(preset: Preset) -> str:
    ensembles = [find_ensemble(str(each.model)).ensemble for each in preset.models]
    labels = " or ".join(each.label for each in ensembles)
    return (
        f"The preset {preset.name!r} needs {labels}, and not all of these can run here. Fetch what "
        "is missing (`manage.py fetch_models`), or choose another preset."
    )


def with_preset(
    choices: Mapping[str, Any],
    defaults: Mapping[str, Any],
    is_there: IsThere,
    is_offered: IsThere = offer_all,
) -> dict[str, Any]:
    """Merge choices: ``choices`` win over their preset, and the preset wins over ``defaults``.
    Without ``stages``, those of the preset or the usual ones apply, with the stages that other
    choices are about.

    Raises ``InvalidOptions`` for a preset that does not exist.
    """
    name = choices.get("preset")
    of_preset: dict[str, Any] = {}
    if name is not None:
        of_preset = resolve(find_preset(str(name)), is_there, is_offered).choices()
    for given, excluded in _EXCLUDE.items():
        if choices.get(given) is not None:
            of_preset = {key: value for key, value in of_preset.items() if key not in excluded}
    stages = _with_stages_of(choices, of_preset.get("stages", USUAL_STAGES))
    return {**defaults, **of_preset, "stages": stages, **choices}


def _with_stages_of(choices: Mapping[str, Any], stages: Collection[str]) -> tuple[str, ...]:
    """``stages`` and those of the options in ``choices``, which would have no effect otherwise."""
    given = [name for name, value in choices.items() if value is not None and value is not False]
    of_options = {OPTIONS[name].stage for name in given if name in OPTIONS}
    return tuple(name for name in OPTIONAL_STAGES if name in stages or name in of_options)
