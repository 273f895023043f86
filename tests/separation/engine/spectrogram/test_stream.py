"""A song through masks: whole, summing to itself, the same from any block on."""

import tracemalloc

import numpy as np
import pytest

from separation.audio.blocks import FloatArray
from separation.engine.spectrogram.layout import FRAMES, HOP, LEAD
from separation.engine.spectrogram.stream import MaskStream, step_frames
from separation.errors import Cancelled
from tests.separation.engine.spectrogram.engines import (
    STEMS,
    ArraySong,
    EqualMasks,
    RoughMasks,
    UnevenMasks,
    noise,
)

EXACT = 1e-6
"""Of the loudest sample: an STFT and back in float32 gives 3e-7."""

WINDOW_SAMPLES = FRAMES * HOP
ALL = range(len(STEMS))


def blocks_of(
    samples: FloatArray,
    engine: UnevenMasks | None = None,
    overlap: float = 0.5,
    start: int = 0,
    stems: range | list[int] = ALL,
) -> list[FloatArray]:
    stream = MaskStream(engine or UnevenMasks(), ArraySong(samples), list(stems), overlap, start)
    return list(stream.blocks())


def separated(samples: FloatArray, *, overlap: float = 0.5) -> FloatArray:
    return np.concatenate(blocks_of(samples, overlap=overlap), axis=-1)


@pytest.mark.parametrize("overlap", [0.0, 0.2, 0.5, 0.75, 0.95])
def test_stems_sum_to_the_song_at_every_overlap(overlap: float) -> None:
    song = noise(WINDOW_SAMPLES + 12_345)
    stems = separated(song, overlap=overlap)
    assert stems.shape == (3, *song.shape)
    assert np.abs(stems.sum(axis=0) - song).max() <= EXACT * np.abs(song).max()
    # None of them is the song, or nothing.
    assert all(0.05 < stem.std() / song.std() < 0.95 for stem in stems)


@pytest.mark.parametrize(
    "frames",
    [1, 2, HOP - 1, HOP, HOP + 1, 4096, (FRAMES - LEAD) * HOP, (FRAMES - LEAD) * HOP + 1],
)
def test_every_length_comes_back_as_it_was(frames: int) -> None:
    song = noise(frames)
    stems = separated(song)
    assert stems.shape == (3, 2, frames)
    assert np.isfinite(stems).all()
    np.testing.assert_allclose(stems.sum(axis=0), song, atol=EXACT)


def test_masks_of_half_precision_sum_to_the_song_as_well() -> None:
    song = noise(2 * WINDOW_SAMPLES // 3)
    stems = np.concatenate(blocks_of(song, RoughMasks()), axis=-1)
    assert np.abs(stems.sum(axis=0) - song).max() <= EXACT * np.abs(song).max()


def test_equal_masks_give_equal_shares() -> None:
    song = noise(WINDOW_SAMPLES)
    for stem in np.concatenate(blocks_of(song, EqualMasks()), axis=-1):
        np.testing.assert_allclose(stem, song / 3, atol=EXACT)


@pytest.mark.parametrize("overlap", [0.0, 0.2, 0.5, 0.75])
def test_going_on_after_any_block_gives_the_same_samples(overlap: float) -> None:
    song = noise(2 * WINDOW_SAMPLES + 777)
    blocks = blocks_of(song, overlap=overlap)
    whole = np.concatenate(blocks, axis=-1)
    assert len(blocks) >= 3
    for done in np.cumsum([block.shape[-1] for block in blocks]):
        rest = blocks_of(song, overlap=overlap, start=int(done))
        if done == song.shape[1]:
            assert rest == []
        else:
            np.testing.assert_array_equal(np.concatenate(rest, axis=-1), whole[..., done:])


def test_a_batch_of_windows_gives_what_single_ones_give() -> None:
    song = noise(3 * WINDOW_SAMPLES)
    engine = UnevenMasks(batch_size=4)
    together = np.concatenate(blocks_of(song, engine), axis=-1)
    assert max(engine.windows) == 4
    np.testing.assert_array_equal(together, separated(song))


def test_only_the_wanted_stems_are_given() -> None:
    song = noise(WINDOW_SAMPLES)
    (some,) = (np.concatenate(blocks_of(song, stems=[2, 0]), axis=-1),)
    every = separated(song)
    np.testing.assert_array_equal(some, every[[2, 0]])


def test_silent_windows_skip_the_network() -> None:
    song = noise(4 * WINDOW_SAMPLES)
    song[:, WINDOW_SAMPLES // 2 : 3 * WINDOW_SAMPLES] = 0
    engine, every = UnevenMasks(), UnevenMasks()
    stems = np.concatenate(blocks_of(song, engine), axis=-1)
    blocks_of(noise(4 * WINDOW_SAMPLES), every)
    assert sum(engine.windows) <= sum(every.windows) - 3
    assert np.abs(stems.sum(axis=0) - song).max() <= EXACT
    assert not stems[..., WINDOW_SAMPLES : 2 * WINDOW_SAMPLES].any()


@pytest.mark.parametrize("frames", [1, 5_000, 2 * WINDOW_SAMPLES])
def test_a_silent_song_is_silent_in_every_stem_without_a_network(frames: int) -> None:
    engine = UnevenMasks()
    stems = np.concatenate(blocks_of(np.zeros((2, frames), dtype=np.float32), engine), axis=-1)
    assert stems.shape == (3, 2, frames)
    assert not stems.any()
    assert engine.windows == []


def test_samples_far_beyond_full_scale_stay_finite() -> None:
    song = noise(WINDOW_SAMPLES) * np.float32(1e28)
    stems = separated(song)
    assert np.isfinite(stems).all()
    assert np.abs(stems.sum(axis=0) - song).max() <= EXACT * np.abs(song).max()


def test_memory_does_not_grow_with_the_song() -> None:
    def peak(windows: int) -> int:
        song = ArraySong(noise(windows * WINDOW_SAMPLES))
        stream = MaskStream(EqualMasks(), song, list(ALL), 0.0)
        tracemalloc.start()
        for _ in stream.blocks():
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(6) < 1.1 * peak(2)


def test_progress_is_told_for_every_window_and_may_cancel() -> None:
    seen: list[float] = []

    def report(fraction: float, message: str = "") -> None:
        seen.append(fraction)
        if fraction > 0.3:
            raise Cancelled("stopped")

    engine = UnevenMasks()
    stream = MaskStream(engine, ArraySong(noise(6 * WINDOW_SAMPLES)), list(ALL), 0.5)
    with pytest.raises(Cancelled):
        for _ in stream.blocks(report):
            pass
    assert seen == sorted(seen)
    assert sum(engine.windows) <= 6


def test_windows_are_cross_faded_without_a_step() -> None:
    """A mask that differs from window to window changes along the overlap, not at once."""

    class Alternating(UnevenMasks):
        def _masks(self, window: FloatArray) -> FloatArray:
            share = 0.2 if len(self.windows) % 2 else 0.8
            masks = np.empty((3, *window.shape), dtype=np.float32)
            masks[0], masks[1:] = share, (1 - share) / 2
            return masks

    song = np.ones((2, 3 * WINDOW_SAMPLES), dtype=np.float32)
    faded, hard = (
        np.concatenate(blocks_of(song, Alternating(), overlap), axis=-1)[0, 0, HOP:-HOP]
        for overlap in (0.5, 0.0)
    )
    assert np.ptp(faded) > 0.5 and np.ptp(hard) > 0.5
    assert np.abs(np.diff(faded)).max() < 0.1 * np.abs(np.diff(hard)).max()


def test_the_step_is_between_a_quarter_of_a_window_and_all_of_it() -> None:
    assert [step_frames(overlap) for overlap in (0, 0.2, 0.5, 0.9, 1.9)] == [
        512, 410, 256, 128, 128,
    ]  # fmt: skip
