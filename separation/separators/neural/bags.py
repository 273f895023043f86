"""Data classes for models in memory: the networks of a bag as loaded, and as engines run them.

Imports neither torch nor openvino.
"""

from dataclasses import dataclass
from typing import Any

from separation.engine.chunked import Member, Plan
from separation.engine.devices import Device


@dataclass(frozen=True)
class Network:
    """One torch module of a bag; the other fields are those of ``TorchEngine`` and ``Member``."""

    module: Any
    weights: tuple[float, ...]
    segment_frames: int
    fixed_frames: int | None = None
    draws_below: int | None = None
    least_frames: int = 1


@dataclass(frozen=True)
class LoadedBag:
    """A model in memory, with the model's own names of its ``stems``.

    ``plan``: how its windows lie over the song; ``None``: as the options state. ``normalised``: its
    networks take a normalised song. ``source_digest``: as in the identity.
    """

    model: str
    stems: tuple[str, ...]
    sample_rate_hz: int
    channels: int
    weights_digest: str
    networks: tuple[Network, ...]
    plan: Plan | None = None
    normalised: bool = True
    source_digest: str | None = None


@dataclass(frozen=True)
class Ready:
    """A model that is ready to run. ``note``: why the chosen engine does not run it, for the
    user."""

    model: str
    stems: tuple[str, ...]
    sample_rate_hz: int
    weights_digest: str
    device: Device
    members: tuple[Member, ...]
    note: str = ""
    plan: Plan | None = None
    normalised: bool = True
    source_digest: str | None = None

    def describe(self) -> str:
        """The weights, engines and device that compute. The stage's key does not fix these: after a
        failure another model may run, and a network may change its precision during a song."""
        engines = {f"{member.engine.name} {member.engine.precision}" for member in self.members}
        weights = f"{self.model} {self.weights_digest[:16]}"
        return f"{weights} by {', '.join(sorted(engines))} on {self.device.name}"
