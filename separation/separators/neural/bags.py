"""Models in memory: the networks of a bag as they are loaded, and as engines run them.

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
    """A model in memory; ``stems`` as the model itself names them.

    ``plan``: how its windows lie over the song; ``None``: as the options say. ``normalised``: its
    networks want the song at one level. ``source_digest``: as in the identity.
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
    """A model that is loaded. ``note``: what kept the engine that was chosen from running, for the
    person."""

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
        """What computes, where the stage's key leaves that open: after a failure another model may
        run, and a network may change its precision in the middle of a song."""
        engines = {f"{member.engine.name} {member.engine.precision}" for member in self.members}
        weights = f"{self.model} {self.weights_digest[:16]}"
        return f"{weights} by {', '.join(sorted(engines))} on {self.device.name}"
