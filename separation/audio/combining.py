"""Several recordings of one stem become one, in blocks.

- ``mean``: the weighted mean of the samples.
- ``min``, ``max``: in each bin of a short-time spectrum (Hann window of 4096 samples, hop 1024,
  each channel by itself) the value with the smallest or largest magnitude, phase included; of
  equal ones the first.

All files have two channels at 44.1 kHz and one length.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray, FloatWriter
from separation.audio.spectral_stream import Spectra, through_spectra
from separation.base import CHANNELS
from separation.ensemble import Combination
from separation.progress import Report

SPECTRUM_SIZE = 4096
"""93 ms, 10.8 Hz a bin, which parts the partials of a bass."""


def combine(files: Mapping[Path, float], target: Path, how: Combination, report: Report) -> None:
    """Write one stem of several; ``files`` with their weights, all above 0.

    With ``min`` and ``max`` the weights do not matter. Raises what ``report`` raises.
    """
    with ExitStack() as stack:
        readers = [stack.enter_context(BlockReader(path)) for path in files]
        writer = stack.enter_context(FloatWriter(target))
        if how == "mean":
            _mean(readers, list(files.values()), writer, report)
        else:
            choose = partial(choose_by_magnitude, largest=how == "max")
            through_spectra(
                readers, writer, choose, size=SPECTRUM_SIZE, channels=CHANNELS, report=report
            )


def choose_by_magnitude(spectra: Sequence[Spectra], *, largest: bool) -> Spectra:
    """In each bin the value of the smallest or largest magnitude; none of ``spectra`` is
    changed."""
    chosen = spectra[0].copy()
    power = _power(chosen)
    for other in spectra[1:]:
        theirs = _power(other)
        better = theirs > power if largest else theirs < power
        chosen[better] = other[better]
        power[better] = theirs[better]
    return chosen


def _power(spectra: Spectra) -> FloatArray:
    power: FloatArray = np.square(spectra.real) + np.square(spectra.imag)
    return power


def _mean(
    readers: Sequence[BlockReader], weights: Sequence[float], writer: FloatWriter, report: Report
) -> None:
    whole, frames = sum(weights), readers[0].frames
    for start in range(0, frames, BLOCK_FRAMES):
        count = min(BLOCK_FRAMES, frames - start)
        total = np.zeros((CHANNELS, count))
        for reader, weight in zip(readers, weights, strict=True):
            total += weight / whole * reader.read(start, count)
        writer.write(total.astype(np.float32))
        report((start + count) / frames)


def write_rest(song: Path, stems: Sequence[Path], target: Path, report: Report) -> None:
    """The song minus ``stems``."""
    with ExitStack() as stack:
        mixture = stack.enter_context(BlockReader(song))
        readers = [stack.enter_context(BlockReader(path)) for path in stems]
        writer = stack.enter_context(FloatWriter(target))
        for start in range(0, mixture.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, mixture.frames - start)
            writer.write(_missing(mixture, readers, start, count).astype(np.float32))
            report((start + count) / mixture.frames)


def share_out_rest(song: Path, stems: Sequence[Path], report: Report) -> None:
    """Rewrite ``stems`` so that they sum to the song: each gets an even share of what they lack.

    Of all sets that sum to the song this is the nearest to them by squares (mixture consistency:
    Wisdom et al., "Differentiable Consistency Constraints for Improved Deep Speech Enhancement",
    ICASSP 2019, equation 4).
    """
    whole = [path.with_suffix(".sum.wav") for path in stems]
    with ExitStack() as stack:
        mixture = stack.enter_context(BlockReader(song))
        readers = [stack.enter_context(BlockReader(path)) for path in stems]
        writers = [stack.enter_context(FloatWriter(path)) for path in whole]
        for start in range(0, mixture.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, mixture.frames - start)
            share = _missing(mixture, readers, start, count) / len(stems)
            for reader, writer in zip(readers, writers, strict=True):
                writer.write((reader.read(start, count) + share).astype(np.float32))
            report((start + count) / mixture.frames)
    for made, path in zip(whole, stems, strict=True):
        made.replace(path)


def _missing(
    mixture: BlockReader, stems: Sequence[BlockReader], start: int, count: int
) -> NDArray[np.float64]:
    rest = mixture.read(start, count).astype(np.float64)
    for reader in stems:
        rest -= reader.read(start, count)
    return rest
