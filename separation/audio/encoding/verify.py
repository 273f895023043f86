"""Read a delivered file back before the site offers it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from separation.audio.decoding.open_reader import open_reader
from separation.audio.decoding.sniff import sniff
from separation.errors import CorruptAudio, EmptyAudio, OutputInvalid, UnsupportedFormat
from separation.progress import never_stop


class VerifiedFacts(BaseModel):
    """The facts of a delivered file, decoded to its last frame; ``peak`` is linear."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int
    channels: int
    sample_rate_hz: int
    peak: float


def verify_file(
    path: Path,
    *,
    frames: int,
    channels: int,
    sample_rate_hz: int,
    may_be_silent: bool,
    check: Callable[[], None] = never_stop,
) -> VerifiedFacts:
    """Decode a file that the pipeline wrote from start to end, block by block, in this process.

    Raises ``OutputInvalid`` in words when the file is missing, does not decode, is damaged, has
    another layout or length than expected, holds samples that are not numbers, or is digital
    silence where ``may_be_silent`` is false. ``check`` is called for every block; what it raises
    is passed on.
    """
    if not path.is_file():
        raise OutputInvalid(f"The file {path.name} was not written.")
    try:
        facts = _decode(path, check)
    except (CorruptAudio, EmptyAudio, UnsupportedFormat) as error:
        raise OutputInvalid(f"The file {path.name} does not decode: {error.detail}") from error
    expected = (("frames", frames), ("channels", channels), ("sample_rate_hz", sample_rate_hz))
    for name, value in expected:
        found = getattr(facts, name)
        if found != value:
            what = name.replace("_", " ").replace(" hz", " in Hz")
            raise OutputInvalid(f"The file {path.name} is wrong: {what} {found}, not {value}.")
    if facts.peak == 0.0 and not may_be_silent:
        raise OutputInvalid(f"The file {path.name} is silent from start to end.")
    return facts


def _decode(path: Path, check: Callable[[], None]) -> VerifiedFacts:
    frames, peak = 0, 0.0
    with open_reader(path, sniff(path)) as reader:
        for block in reader.blocks():
            check()
            frames += block.shape[1]
            # Python's max() would drop a NaN; numpy's keeps it.
            peak = float(np.maximum(peak, np.abs(block).max(initial=0.0)))
        if reader.warnings:
            raise OutputInvalid(f"The file {path.name} is damaged: {reader.warnings[0]}")
        channels, rate_hz = reader.channels, reader.rate_hz
    if not np.isfinite(peak):
        raise OutputInvalid(f"The file {path.name} contains samples that are not numbers.")
    return VerifiedFacts(frames=frames, channels=channels, sample_rate_hz=rate_hz, peak=peak)
