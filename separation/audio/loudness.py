"""Levels of a track, measured block by block."""

from pydantic import BaseModel, ConfigDict

from separation.audio.blocks import FloatArray


class Levels(BaseModel):
    """``None`` stands for minus infinity, and for a loudness of less than 400 ms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int
    peak_dbfs: float | None
    rms_dbfs: float | None
    true_peak_dbtp: float | None
    loudness_lufs: float | None


class LevelMeter:
    """Feed (channels, n) float32 blocks with :meth:`write`, then ask for :meth:`levels`."""

    def __init__(self, sample_rate_hz: int, channels: int = 2) -> None:
        raise NotImplementedError

    def write(self, block: FloatArray) -> None:
        raise NotImplementedError

    def levels(self) -> Levels:
        raise NotImplementedError
