"""Reads and checks a model's YAML. Imports no torch, because the web side imports this module."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import ModelUnavailable
from separation.families import RESERVED_STEMS
from separation.separators.own_models.architectures import Architecture, architecture_of
from separation.separators.weights.safe_yaml import load_yaml

MAX_CHUNK_S = 120.0
"""No network was trained on longer windows, which would use up the memory."""

MAX_ARGUMENT = 1_000_000
"""Far above any real width, depth, transform length or number of bands."""

USUAL_OVERLAP = 4
"""Windows over each frame where the YAML does not state them (most published ones state 4 or 2)."""

_ROFORMERS = ("bs_roformer", "bs_conformer", "mel_band_roformer", "mel_band_conformer")
_STEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Definition:
    """A model as its YAML defines it.

    ``computed``: the stems of the network, in its order. ``rest``: the name of the mixture's
    residual, for a network with one stem. ``chunk_frames``: the window that the network was trained
    on. ``overlap``: number of windows over each frame. ``normalised``: the network takes a
    normalised song. ``config``: the whole YAML.
    """

    architecture: Architecture
    computed: tuple[str, ...]
    rest: str | None
    chunk_frames: int
    overlap: int
    normalised: bool
    config: Mapping[str, Any]

    @property
    def stems(self) -> tuple[str, ...]:
        return self.computed if self.rest is None else (*self.computed, self.rest)

    @property
    def chunk_s(self) -> float:
        return self.chunk_frames / SAMPLE_RATE_HZ

    def check_window(self, frames: int) -> None:
        """Raises ``ModelUnavailable`` for a window that the network cannot take."""
        if self.architecture.name == "mdx23c" and not _fits_scales(self.config, frames):
            raise ModelUnavailable(
                f"A window of {frames} frames (audio.chunk_size, or the segment that was asked "
                "for) does not fit this MDX23C network: with one more frame than chunk_size has "
                "audio.hop_length, it must be divisible by model.scale once for each of "
                "model.num_scales."
            )


def read_definition(path: Path, declared: str | None = None) -> Definition:
    """Read and check a YAML. ``declared``: the architecture, where the model's card names it.

    Raises ``ModelUnavailable``, naming the key that is wrong or missing.
    """
    return parse_definition(load_yaml(path), declared)


def parse_definition(config: object, declared: str | None = None) -> Definition:
    if not isinstance(config, Mapping):
        raise ModelUnavailable("The YAML is no list of settings, as a model's is.")
    architecture = architecture_of(config, declared)
    _check_arguments(architecture.section, _section(config, architecture.section))
    _check_layout(architecture, config)
    computed, rest = _stems(architecture, config)
    definition = Definition(
        architecture,
        computed,
        rest,
        _chunk_frames(config),
        _whole(config, "inference", "num_overlap", USUAL_OVERLAP, most=64),
        _section(config, "inference").get("normalize") is True,
        config,
    )
    definition.check_window(definition.chunk_frames)
    return definition


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = config.get(name)
    return section if isinstance(section, Mapping) else {}


def _whole(
    config: Mapping[str, Any], section: str, key: str, default: int | None, *, most: int
) -> int:
    value = _section(config, section).get(key, default)
    if type(value) is not int or not 1 <= value <= most:
        raise ModelUnavailable(
            f"In the YAML {section}.{key} must be a whole number from 1 to {most}, not "
            f"{value!r:.60}."
        )
    return value


def _chunk_frames(config: Mapping[str, Any]) -> int:
    """The window for inference where the YAML states one, else the window for training."""
    most = int(MAX_CHUNK_S * SAMPLE_RATE_HZ)
    section = "inference" if "chunk_size" in _section(config, "inference") else "audio"
    return _whole(config, section, "chunk_size", None, most=most)


def _check_arguments(key: str, value: object) -> None:
    """Refuse huge numbers before anything of such a size is built."""
    if isinstance(value, Mapping):
        for name, inside in value.items():
            _check_arguments(f"{key}.{name}", inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            _check_arguments(key, inside)
    elif isinstance(value, int) and abs(value) > MAX_ARGUMENT:
        raise ModelUnavailable(
            f"In the YAML {key[:60]} is {value}: no network has an argument above {MAX_ARGUMENT}."
        )


def _check_layout(architecture: Architecture, config: Mapping[str, Any]) -> None:
    audio = _section(config, "audio")
    rate = audio.get("sample_rate", SAMPLE_RATE_HZ)
    arguments = _section(config, architecture.section)
    channels = audio.get("num_channels", CHANNELS)
    if architecture.name in _ROFORMERS and not arguments.get("stereo", False):
        channels = 1
    if (rate, channels) != (SAMPLE_RATE_HZ, CHANNELS):
        raise ModelUnavailable(
            f"The model works on {channels!s:.20} channels at {rate!s:.20} Hz; only models for "
            f"{CHANNELS} channels at {SAMPLE_RATE_HZ} Hz can be used."
        )


def _stems(
    architecture: Architecture, config: Mapping[str, Any]
) -> tuple[tuple[str, ...], str | None]:
    """The stems that the network computes, and the name of the residual or ``None``."""
    training = _section(config, "training")
    arguments = _section(config, architecture.section)
    listed = _names(training.get("instruments") or arguments.get("stems"))
    target = training.get("target_instrument")
    computed = listed if target is None else _names([target])
    _check_number(architecture, arguments, len(computed))
    if len(computed) > 1:
        return computed, None
    others = [name for name in listed if name not in computed]
    return computed, others[0] if len(others) == 1 else f"no_{computed[0]}"


def _names(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise ModelUnavailable(
            "The YAML does not list the model's stems: training.instruments is missing or empty."
        )
    names = tuple(re.sub(r"\s+", "_", str(name).strip().lower()) for name in listed)
    for name in names:
        if not _STEM.fullmatch(name) or name in RESERVED_STEMS:
            raise ModelUnavailable(
                f"In the YAML training.instruments names {name[:60]!r}, which cannot be a stem: "
                "use letters, digits, dashes and underscores, and none of "
                f"{', '.join(sorted(RESERVED_STEMS))}."
            )
    if len(set(names)) < len(names):
        raise ModelUnavailable("In the YAML training.instruments names a stem twice.")
    return names


def _check_number(architecture: Architecture, arguments: Mapping[str, Any], named: int) -> None:
    """The network must have as many stems as the YAML names; a mistake would swap their names."""
    count: int | None = None
    if architecture.name in _ROFORMERS:
        count = arguments.get("num_stems", 1)
    elif architecture.name == "apollo":
        count = 1
    else:
        inside = arguments.get("sources" if architecture.name == "scnet" else "stems")
        count = len(inside) if isinstance(inside, Sequence) else None
    if count is not None and count != named:
        raise ModelUnavailable(
            f"The network gives {count!s:.20} stems, but the YAML names {named}: check "
            "training.instruments and training.target_instrument."
        )


def _fits_scales(config: Mapping[str, Any], frames: int) -> bool:
    hop = _whole(config, "audio", "hop_length", None, most=1 << 20)
    scales = _whole(config, "model", "num_scales", None, most=16)
    scale = _section(config, "model").get("scale")
    if not (isinstance(scale, Sequence) and len(scale) == 2 and type(scale[0]) is int):
        raise ModelUnavailable(
            f"In the YAML model.scale must be two whole numbers, not {scale!r:.60}."
        )
    return scale[0] > 0 and (frames // hop + 1) % scale[0] ** scales == 0
