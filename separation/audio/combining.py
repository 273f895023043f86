"""Combine several estimates of one stem into one, in blocks.

- ``mean``: the weighted mean of the samples.
- ``min``, ``max``: in each bin of a short-time spectrum (Hann window of 4096 samples, hop 1024,
  each channel by itself) the complex value with the smallest or largest magnitude; the first of
  equal magnitudes.

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
"""93 ms, 10.8 Hz a bin: enough to resolve the partials of a bass."""


def combine(files: Mapping[Path, float], target: Path, how: Combination, report: Report) -> None:
    """Combine ``files`` into ``target``; ``files`` maps each path to its weight, above 0.

    ``min`` and ``max`` ignore the weights. Raises what ``report`` raises.
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
    """Return the value of the smallest or largest magnitude in each bin; ``spectra`` is not
    modified."""
    chosen = spectra[0].copy()
    power = _power(chosen)
    for other in spectra[1:]:
        other_power = _power(other)
        better = other_power > power if largest else other_power < power
        chosen[better] = other[better]
        power[better] = other_power[better]
    return chosen


def _power(spectra: Spectra) -> FloatArray:
    power: FloatArray = np.square(spectra.real) + np.square(spectra.imag)
    return power


def _mean(
    readers: Sequence[BlockReader], weights: Sequence[float], writer: FloatWriter, report: Report
) -> None:
    weight_sum, frames = sum(weights), readers[0].frames
    for start in range(0, frames, BLOCK_FRAMES):
        count = min(BLOCK_FRAMES, frames - start)
        total = np.zeros((CHANNELS, count))
        for reader, weight in zip(readers, weights, strict=True):
            total += weight / weight_sum * reader.read(start, count)
        writer.write(total.astype(np.float32))
        report((start + count) / frames)


def write_residual(song: Path, stems: Sequence[Path], target: Path, report: Report) -> None:
    """Write the song minus ``stems`` to ``target``."""
    with ExitStack() as stack:
        mixture = stack.enter_context(BlockReader(song))
        readers = [stack.enter_context(BlockReader(path)) for path in stems]
        writer = stack.enter_context(FloatWriter(target))
        for start in range(0, mixture.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, mixture.frames - start)
            writer.write(_residual(mixture, readers, start, count).astype(np.float32))
            report((start + count) / mixture.frames)


def share_out_residual(song: Path, stems: Sequence[Path], report: Report) -> None:
    """Rewrite ``stems`` so that they sum to the song: each receives an equal share of the residual.

    Among all stems that sum to the song, the result has the least squared difference from the
    given ones (mixture consistency: Wisdom et al., "Differentiable Consistency Constraints for
    Improved Deep Speech Enhancement", ICASSP 2019, equation 4).
    """
    rewritten = [path.with_suffix(".sum.wav") for path in stems]
    with ExitStack() as stack:
        mixture = stack.enter_context(BlockReader(song))
        readers = [stack.enter_context(BlockReader(path)) for path in stems]
        writers = [stack.enter_context(FloatWriter(path)) for path in rewritten]
        for start in range(0, mixture.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, mixture.frames - start)
            share = _residual(mixture, readers, start, count) / len(stems)
            for reader, writer in zip(readers, writers, strict=True):
                writer.write((reader.read(start, count) + share).astype(np.float32))
            report((start + count) / mixture.frames)
    for new_path, path in zip(rewritten, stems, strict=True):
        new_path.replace(path)


def _residual(
    mixture: BlockReader, stems: Sequence[BlockReader], start: int, count: int
) -> NDArray[np.float64]:
    residual = mixture.read(start, count).astype(np.float64)
    for reader in stems:
        residual -= reader.read(start, count)
    return residual
