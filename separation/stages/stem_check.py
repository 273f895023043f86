"""Checks that a separator's files fulfil its contract, in one pass over all files."""

import math
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import OutputInvalid
from separation.progress import Report, ignore_progress

_AUDIBLE_FRAMES = SAMPLE_RATE_HZ // 10
"""In a shorter song a stem may really be silent."""


def check_stems(
    stems: Mapping[str, Path],
    mixture: Path,
    *,
    may_be_silent: bool = False,
    report: Report = ignore_progress,
) -> float | None:
    """Read every stem and the mixture once, together.

    Returns the level of mixture minus all stems in dBFS (RMS), None for digital silence. Raises
    ``OutputInvalid`` with the name of a stem that is missing, has another layout or length, is not
    finite, or is digitally silent though the mixture is not (unless ``may_be_silent``).
    """
    with ExitStack() as stack:
        song = stack.enter_context(BlockReader(mixture))
        readers = {
            stem: stack.enter_context(_open(stem, path, song.frames))
            for stem, path in stems.items()
        }
        heard = dict.fromkeys(readers, False)
        song_heard = False
        energy = 0.0
        for start in range(0, song.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, song.frames - start)
            residual = song.read(start, count)
            song_heard = song_heard or bool(residual.any())
            for stem, reader in readers.items():
                block = _finite(stem, reader.read(start, count))
                heard[stem] = heard[stem] or bool(block.any())
                residual -= block
            energy += float(np.square(residual, dtype=np.float64).sum())
            report((start + count) / song.frames)
    if song_heard and not may_be_silent and song.frames >= _AUDIBLE_FRAMES:
        _refuse_silence(heard)
    mean_square = energy / (CHANNELS * max(song.frames, 1))
    return 10 * math.log10(mean_square) if mean_square > 0 else None


def _open(stem: str, path: Path, frames: int) -> BlockReader:
    if not path.is_file():
        raise OutputInvalid(f"The separator did not deliver the stem {stem!r}.")
    try:
        reader = BlockReader(path)
    except soundfile.LibsndfileError as error:
        raise OutputInvalid(f"The stem {stem!r} cannot be read back: {error}.") from error
    found = (reader.frames, reader.channels, reader.sample_rate_hz)
    if found != (frames, CHANNELS, SAMPLE_RATE_HZ):
        reader.close()
        raise OutputInvalid(
            f"The stem {stem!r} has {found[0]} frames, {found[1]} channels at {found[2]} Hz; "
            f"expected {frames} frames, {CHANNELS} channels at {SAMPLE_RATE_HZ} Hz."
        )
    return reader


def _finite(stem: str, block: FloatArray) -> FloatArray:
    if not np.isfinite(block).all():
        raise OutputInvalid(f"The stem {stem!r} holds values that are not finite numbers.")
    return block


def _refuse_silence(heard: Mapping[str, bool]) -> None:
    for stem, was_heard in heard.items():
        if not was_heard:
            raise OutputInvalid(f"The stem {stem!r} is digitally silent, but the song is not.")
