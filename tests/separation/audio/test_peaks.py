"""The file that waveforms are drawn from."""

import struct

import numpy as np
import pytest

from separation.audio.metering.peaks import LEVELS, PeakMeter

RATE_HZ = 44_100


def peaks_of(samples: np.ndarray, block: int = 1000) -> tuple[bytes, list[np.ndarray]]:
    """The whole file, and each level's pairs as the file has them."""
    meter = PeakMeter()
    for start in range(0, samples.shape[1], block):
        meter.write(samples[:, start : start + block].astype(np.float32))
    data, levels = meter.finish(RATE_HZ)
    pairs = [
        np.frombuffer(data, np.int8, 2 * level.pairs, level.offset).reshape(-1, 2)
        for level in levels
    ]
    return data, pairs


@pytest.mark.parametrize("frames", (1, 255, 256, 257, 16_384, 100_001))
def test_each_level_holds_the_extremes_of_its_stretches(frames: int) -> None:
    samples = np.random.default_rng(frames).uniform(-0.9, 0.9, (2, frames))
    data, levels = peaks_of(samples)
    assert len(levels) == len(LEVELS) and levels[-1].size + levels[0].size < len(data)
    for length, pairs in zip(LEVELS, levels, strict=True):
        assert len(pairs) == -(-frames // length)
        for place, (lowest, highest) in enumerate(pairs.tolist()):
            piece = samples[:, place * length : (place + 1) * length].astype(np.float32)
            assert lowest == np.rint(piece.min() * 127)
            assert highest == np.rint(piece.max() * 127)


def test_the_size_of_the_blocks_does_not_matter() -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (2, 50_000))
    assert peaks_of(samples, 777)[0] == peaks_of(samples, 65_536)[0]


def test_what_exceeds_full_scale_is_cut_off_and_does_not_wrap() -> None:
    _, levels = peaks_of(np.array([[3.0, 0.0], [0.0, -3.0]]))
    assert levels[0].tolist() == [[-127, 127]]


def test_the_header_says_what_the_file_is() -> None:
    data, _ = peaks_of(np.zeros((2, 5000)))
    assert struct.unpack("<4sBBHII", data[:16]) == (b"SSPK", 1, len(LEVELS), 0, RATE_HZ, 5000)


def test_nothing_at_all_makes_a_file_without_pairs() -> None:
    data, levels = peaks_of(np.zeros((2, 0)))
    assert (len(data), [len(pairs) for pairs in levels]) == (16, [0, 0, 0, 0])
