"""Reading a delivered file back before anybody is told that it is there."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class VerifiedFacts(BaseModel):
    """What a delivered file holds, decoded to its last frame; ``peak`` is linear."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int
    channels: int
    sample_rate_hz: int
    peak: float


def verify_file(
    path: Path, *, frames: int, channels: int, sample_rate_hz: int, may_be_silent: bool
) -> VerifiedFacts:
    """Decode the whole file; raises ``OutputInvalid`` in words."""
    raise NotImplementedError
