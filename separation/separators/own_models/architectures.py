"""Lists the networks that can run, and recognises each by its YAML. Imports no torch.

The names are those of ``--model_type`` in ZFTurbo/Music-Source-Separation-Training. Its YAML files
hold the arguments of a network's class but usually do not name the class. The marks of an
architecture are arguments that no other listed class takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from separation.errors import ModelUnavailable


@dataclass(frozen=True)
class Architecture:
    """``section``: the section of the YAML with the arguments. ``marks``: arguments that must be
    there. ``absent``: arguments that must not. ``mono``: the network runs on each channel alone."""

    name: str
    label: str
    marks: frozenset[str]
    section: str = "model"
    absent: frozenset[str] = frozenset()
    mono: bool = False


_CONFORMER = frozenset({"time_conformer_depth", "freq_conformer_depth"})

ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture("bs_roformer", "BS-RoFormer", frozenset({"freqs_per_bands"}), absent=_CONFORMER),
    Architecture("bs_conformer", "BS-Conformer", _CONFORMER | {"freqs_per_bands"}),
    Architecture(
        "mel_band_roformer", "Mel-Band RoFormer", frozenset({"num_bands"}), absent=_CONFORMER
    ),
    Architecture("mel_band_conformer", "Mel-Band Conformer", _CONFORMER | {"num_bands"}),
    Architecture("scnet", "SCNet", frozenset({"band_SR", "band_stride", "band_kernel"})),
    Architecture("mdx23c", "MDX23C", frozenset({"num_subbands", "bottleneck_factor"})),
    Architecture("bandit", "Bandit", frozenset({"in_channel", "band_specs"}), mono=True),
    Architecture(
        "bandit_v2", "Bandit 2", frozenset({"in_channels", "band_type"}), section="kwargs"
    ),
    Architecture("apollo", "Apollo", frozenset({"win", "feature_dim", "layer"})),
)
NAMES = tuple(one.name for one in ARCHITECTURES)

_DECLARED_IN = (("model_type",), ("model", "model_type"), ("training", "model_type"))
"""Keys under which a YAML may name its network."""

PACKAGE = "pymss_core"


def package_is_there() -> bool:
    """Whether the classes of these networks are installed here."""
    return find_spec(PACKAGE) is not None


def architecture_of(config: Mapping[str, Any], declared: str | None = None) -> Architecture:
    """The architecture of ``config``. ``declared``: its name from the model's card, which overrides
    the YAML.

    Raises ``ModelUnavailable`` for an unknown architecture, and where it cannot be determined.
    """
    name = declared or _declared(config)
    if name is not None:
        return _named(name)
    fitting = [one for one in ARCHITECTURES if _fits(one, config)]
    if len(fitting) == 1:
        return fitting[0]
    raise ModelUnavailable(
        "The YAML does not tell for which network it is. Add a line to it, such as "
        f"model_type: mel_band_roformer. Known are: {', '.join(NAMES)}."
    )


def _named(name: str) -> Architecture:
    for one in ARCHITECTURES:
        if one.name == name.strip().lower():
            return one
    raise ModelUnavailable(
        f"Networks of the kind {name[:60]!r} (model_type) cannot be run here. "
        f"Known are: {', '.join(NAMES)}."
    )


def _declared(config: Mapping[str, Any]) -> str | None:
    for path in _DECLARED_IN:
        value: Any = config
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value.strip():
            return value
    return None


def _fits(one: Architecture, config: Mapping[str, Any]) -> bool:
    section = config.get(one.section)
    if not isinstance(section, Mapping):
        return False
    return one.marks <= section.keys() and one.absent.isdisjoint(section.keys())
