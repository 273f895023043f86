"""What the stages of a pipeline cost before anything was measured, and how their costs compare.

All costs are seconds of work for a second of audio. A rate that was measured in one pipeline says
what another one costs once both are divided by :func:`passes` or :func:`weight`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from separation.catalogue import CATALOGUE, models_for
from separation.request.runs import Run, runs_of
from separation.stage_table import (
    COMPOSITE,
    DENOISE,
    DETAILS,
    EXPORT,
    HARMONIC_PERCUSSIVE,
    LISTENING,
    NORMALIZATION,
    QUALITY,
    RUNS_SEPARATORS,
    SEPARATION,
    STAGES,
)

Stages = Sequence[tuple[str, Mapping[str, Any]]]
"""A pipeline: names of stages with their parameters, in order."""

NETWORK_RATE = 2.0
"""Of a network of which nothing else is known. One takes 0.4 on two cores of a recent server
without any of the faster engines; older laptops are five times slower. The default is rather too
long than too short, as the deadline of a job depends on it."""

DEFAULT_RATES = {
    # No network: 0.03 on the same two cores.
    "spectral": 0.3,
    # Networks that look at spectra alone: 0.04 there.
    "standard": 0.4,
    "spleeter_2stems": 0.4,
    # Bags of four networks, each as slow as one.
    "htdemucs_ft": 4 * NETWORK_RATE,
    "mdx_extra": 4 * NETWORK_RATE,
}
"""Default rates by the name of the model. Any other model counts as one network."""

UNKNOWN_RATE = 0.05
"""Of a stage whose row has no guess."""

USUAL_OVERLAP = 0.25

WITHOUT_SHIFTS = ("standard", "spleeter_2stems")
"""Models that mask magnitudes. A shift by less than a frame does not change their input, so they
make no shifted passes."""

_USUAL_STEMS = 4
_RESIDUAL = 1


def default_rate(name: str, pipeline: Stages) -> float:
    """Of the stage ``name`` of ``pipeline``."""
    params = dict(pipeline)[name]
    if name in RUNS_SEPARATORS:
        return sum(default_run_rate(run) for run in runs_of(name, params))
    guess = STAGES[name].guess
    return (UNKNOWN_RATE if guess is None else guess) * weight(name, pipeline)


def default_run_rate(run: Run) -> float:
    """Of one separator that goes over the whole song."""
    model = model_of(run.separator, run.model)
    return DEFAULT_RATES.get(model, NETWORK_RATE) * passes(model, run.params)


def model_of(separator: str, requested: str) -> str:
    """The model that will run; empty where only the separator determines it, as for ``auto``."""
    known = models_for(separator)
    return requested or (known[0].name if known else "")


def passes(model: str, params: Mapping[str, Any]) -> float:
    """The number of passes of the network over the song, relative to the default options."""
    if model == "spectral":
        return 1.0
    overlap = float(params.get("overlap") or 0.0) if "overlap" in params else USUAL_OVERLAP
    shifts = 1 if model in WITHOUT_SHIFTS else max(int(params.get("shifts") or 0), 1)
    return shifts * (1.0 - USUAL_OVERLAP) / (1.0 - overlap)


def weight(name: str, pipeline: Stages) -> float:
    """How much the stage ``name`` has to do by the number of its tracks, compared with the
    pipeline of all stages and four stems, where it is 1; above 0. A stage that runs separators, or
    whose work does not grow with the tracks, has 1."""
    made = _tracks_made(pipeline)
    stems = made.get(SEPARATION, 0) + made.get(DETAILS, 0) + made.get(DENOISE, 0)
    others = stems + made.get(HARMONIC_PERCUSSIVE, 0) + made.get(COMPOSITE, 0)
    heard = stems - _RESIDUAL * (SEPARATION in made)
    count, usual = {
        # The residual is heard nowhere; the file for DJs holds the stems and the song once more.
        LISTENING: (heard, _USUAL_STEMS),
        QUALITY: (heard, _USUAL_STEMS),
        DENOISE: (made.get(DENOISE, 0), 1),
        NORMALIZATION: (others, 11),
        EXPORT: (others * (1 + (NORMALIZATION in made)) + 5 * _has_file_for_djs(pipeline), 22),
    }.get(name, (1, 1))
    return max(count, 1) / usual


def _tracks_made(pipeline: Stages) -> dict[str, int]:
    """Of each stage that makes any, as far as the choices tell."""
    made: dict[str, int] = {}
    for name, params in pipeline:
        if name == SEPARATION:
            made[name] = _stem_count(params) + _RESIDUAL
        elif name == DETAILS:
            splits = params.get("splits") or ()
            made[name] = sum(_stem_count(split) + _RESIDUAL for split in splits)
        elif name == DENOISE:
            made[name] = len(params.get("stems") or ())
        elif name == HARMONIC_PERCUSSIVE:
            made[name] = 2
        elif name == COMPOSITE:
            made[name] = 4 + (_USUAL_STEMS if params.get("minus") else 0)
        elif name == NORMALIZATION:
            made[name] = sum(made.values())
    return made


def _stem_count(params: Mapping[str, Any]) -> int:
    if params.get("two_stems"):
        return 2
    if params.get("stems"):
        return len(params["stems"])
    model = model_of(str(params.get("separator") or ""), str(params.get("model") or ""))
    rows = [row for row in CATALOGUE if row.name == model]
    return len(rows[0].stems) if rows else _USUAL_STEMS


def _has_file_for_djs(pipeline: Stages) -> bool:
    return bool(dict(pipeline).get(EXPORT, {}).get("ni_stems"))
