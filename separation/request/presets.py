"""Presets: choices that go together, under a name that says what they are for.

Plain data and no more than the names of models; which of them are on a server is asked by the
caller. What a preset does not name stays as it is chosen otherwise. That an overlap of 0.1 costs
little quality, and that averaged passes gain some, is said by demucs' authors (its README on
``--overlap`` and ``--shifts``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from separation.catalogue import find_model
from separation.ensemble import ENSEMBLE, find_ensemble
from separation.errors import InvalidOptions, ModelUnavailable
from separation.stage_table import OPTIONAL_STAGES, SEPARATION

PREVIEW_S = 30.0
"""Long enough for a verse and the start of a chorus, and separated in seconds."""

_STEMS_ONLY = (SEPARATION,)


@dataclass(frozen=True)
class Way:
    """What separates; without a model what is chosen otherwise, as a rule by the site."""

    separator: str | None = None
    model: str | None = None

    def choices(self) -> dict[str, Any]:
        return {"separator": self.separator, "model": self.model} if self.model else {}


@dataclass(frozen=True)
class Preset:
    """``choices``: fields of :class:`separation.request.separation_request.SeparationRequest`.
    ``ways``: the first whose model is there is taken; the last needs none, but where the preset is
    ``only_where_there``: that one is not offered where none of them can run."""

    name: str
    label: str
    description: str
    choices: Mapping[str, Any]
    ways: tuple[Way, ...] = field(default=(Way(),))
    only_where_there: bool = False


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="stems",
        label="Stems",
        description="Every stem of the song, for the mixer. Nothing else is made.",
        choices={"stages": _STEMS_ONLY},
    ),
    Preset(
        name="preview",
        label="Preview",
        description=f"Only {PREVIEW_S:.0f} seconds of each song, from a third of the way in: "
        "enough to hear whether it is worth the wait.",
        choices={"stages": _STEMS_ONLY, "range_length_s": PREVIEW_S, "overlap": 0.1},
    ),
    Preset(
        name="fast",
        label="Fast",
        description="Stems of the whole song by the usual model, with little overlap.",
        choices={"stages": _STEMS_ONLY, "overlap": 0.1},
    ),
    Preset(
        name="best",
        label="Best",
        description="The best model on this site; a network goes over the song twice and the two "
        "are averaged.",
        choices={"stages": _STEMS_ONLY, "shifts": 2},
        ways=(Way("demucs", "htdemucs_ft"), Way()),
    ),
    Preset(
        name="ensemble",
        label="Several models",
        description="The stems of several models combined. Takes the time of all of them.",
        choices={"stages": _STEMS_ONLY},
        ways=(Way(ENSEMBLE, "htdemucs_mdx"), Way(ENSEMBLE, "htdemucs_standard")),
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
        choices={"stages": _STEMS_ONLY, "two_stems": "vocals"},
    ),
    Preset(
        name="dj",
        label="Stems for DJs",
        description="Besides the stems one .stem.mp4 file with all of them, for Traktor and Mixxx.",
        choices={"stages": _STEMS_ONLY, "ni_stems": True},
    ),
)
PRESET_NAMES = tuple(preset.name for preset in PRESETS)

_EXCLUDE: Mapping[str, tuple[str, ...]] = {
    "separator": ("model", "ensemble"),
    "stems": ("two_stems", "ni_stems"),
    "two_stems": ("ni_stems",),
}
"""What a preset says gives way also to other choices than its own namesakes."""

IsThere = Callable[[str, str], bool]
"""From a separator and its model to whether both can run here without anything being fetched, or
whether the operator lets them be offered."""


def offer_all(separator: str, model: str) -> bool:
    """The rule of an operator who has none."""
    return True


@dataclass(frozen=True)
class Resolved:
    """A preset on one server. ``missing``: the label of the model that it would rather take."""

    preset: Preset
    way: Way
    missing: str | None = None

    def choices(self) -> dict[str, Any]:
        """Fields of a request, with the preset's name among them."""
        return {"preset": self.preset.name, **self.way.choices(), **self.preset.choices}


def find_preset(name: str) -> Preset:
    """Raises ``InvalidOptions`` naming all of them."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise InvalidOptions(f"There is no preset {name!r}. There are: {', '.join(PRESET_NAMES)}.")


def can_run(preset: Preset, is_there: IsThere, is_offered: IsThere = offer_all) -> bool:
    """Whether it can run here at all."""
    return not preset.only_where_there or any(
        is_offered(str(way.separator), str(way.model))
        and is_there(str(way.separator), str(way.model))
        for way in preset.ways
    )


def resolve(preset: Preset, is_there: IsThere, is_offered: IsThere = offer_all) -> Resolved:
    """With the best model that is there, of those that may be offered. Raises ``ModelUnavailable``
    where the preset cannot do without one and there is none."""
    if not can_run(preset, is_there, is_offered):
        raise ModelUnavailable(_lacking(preset))
    ways = [
        way for way in preset.ways if way.model is None or is_offered(str(way.separator), way.model)
    ]
    for way in ways:
        if way.model is None or is_there(str(way.separator), way.model):
            break
    if preset.only_where_there:
        return Resolved(preset, way)
    first = ways[0].model
    missing = find_model(first).label if first and way != ways[0] else None
    return Resolved(preset, way, missing)


def _lacking(preset: Preset) -> str:
    known = [find_ensemble(str(way.model)).ensemble for way in preset.ways]
    ways = " or ".join(each.label for each in known)
    return (
        f"The preset {preset.name!r} needs {ways}, and not all of these can run here. Fetch what "
        "is missing (`manage.py fetch_models`), or choose another preset."
    )


def with_preset(
    choices: Mapping[str, Any],
    defaults: Mapping[str, Any],
    is_there: IsThere,
    is_offered: IsThere = offer_all,
) -> dict[str, Any]:
    """``choices`` over those of the preset that they name, over ``defaults``.

    Raises ``InvalidOptions`` for a preset that does not exist.
    """
    name = choices.get("preset")
    if name is None:
        return {**defaults, **choices}
    chosen = resolve(find_preset(str(name)), is_there, is_offered).choices()
    for given, left_out in _EXCLUDE.items():
        if choices.get(given) is not None:
            chosen = {key: value for key, value in chosen.items() if key not in left_out}
    return {**defaults, **chosen, **choices}
