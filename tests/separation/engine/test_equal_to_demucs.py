"""The streamed overlap-add against ``demucs.apply.apply_model`` itself."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from demucs.apply import BagOfModels, apply_model

from separation.audio.blocks import BLOCK_FRAMES
from separation.engine.chunked import BagStream, Member, Plan
from separation.engine.statistics import MonoStatistics
from separation.engine.torch_engine import TorchEngine
from tests.separation.small_models import (
    RATE_HZ,
    noise,
    relative_error,
    small_demucs,
    small_hdemucs,
    small_htdemucs,
)

TOLERANCE = 1e-6
"""Same operations in the same order in float32: any difference is another thread's rounding."""

AS_IT_IS = MonoStatistics(mean=0.0, std=1.0 - 1e-8)
"""apply_model gets its input normalised already."""


class ArraySong:
    def __init__(self, samples: np.ndarray) -> None:
        self._samples = samples
        self.channels, self.frames = samples.shape

    def read(self, start: int, count: int) -> np.ndarray:
        assert start >= 0
        assert start + count <= self.frames
        return self._samples[:, start : start + count]

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[np.ndarray]:
        for start in range(0, self.frames, block_frames):
            yield self.read(start, min(block_frames, self.frames - start))


def engine_for(
    model: Any, segment_s: float | None = None, batch_limit: int | None = None
) -> TorchEngine:
    transformer = hasattr(model, "crosstransformer")
    return TorchEngine(
        model,
        stems=tuple(model.sources),
        segment_frames=int(model.samplerate * (segment_s or model.segment)),
        fixed_frames=int(segment_s * RATE_HZ) if segment_s and transformer else None,
        draws_below=1 if transformer else None,
        batch_limit=batch_limit,
    )


def stream(members: list[Member], samples: np.ndarray, plan: Plan, stems: Any = range(4)) -> Any:
    song = ArraySong(samples)
    return np.concatenate(list(BagStream(members, song, AS_IT_IS, stems, plan).blocks()), -1)


def ours(model: Any, samples: np.ndarray, plan: Plan, segment_s: float | None = None) -> Any:
    return stream([Member(engine_for(model, segment_s), (1.0,) * 4)], samples, plan)


def theirs(model: Any, samples: np.ndarray, plan: Plan, segment_s: float | None = None) -> Any:
    random.seed(plan.seed)
    mix = torch.from_numpy(samples)[None]
    with torch.no_grad():
        out = apply_model(
            model, mix, shifts=plan.shifts, overlap=plan.overlap, segment=segment_s, device="cpu"
        )
    return out[0].numpy()


@pytest.mark.parametrize("shifts", [0, 1, 2])
@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.25, 0.5])
def test_htdemucs_equals_demucs_for_every_overlap_and_shift(overlap: float, shifts: int) -> None:
    model, song = small_htdemucs(), noise(60_000)
    plan = Plan(RATE_HZ, overlap, shifts, seed=5)
    assert relative_error(ours(model, song, plan), theirs(model, song, plan)) <= TOLERANCE


@pytest.mark.parametrize("make", [small_hdemucs, small_demucs])
@pytest.mark.parametrize(("overlap", "shifts"), [(0.0, 0), (0.25, 2), (0.5, 1), (0.1, 0)])
def test_the_older_networks_equal_demucs(
    make: Callable[[], Any], overlap: float, shifts: int
) -> None:
    model, song = make(), noise(50_000)
    plan = Plan(RATE_HZ, overlap, shifts, seed=2)
    assert relative_error(ours(model, song, plan), theirs(model, song, plan)) <= TOLERANCE


@pytest.mark.parametrize("make", [small_htdemucs, small_hdemucs, small_demucs])
@pytest.mark.parametrize("frames", [1, 2, 999, 22_049, 22_050, 22_051, 33_075, 40_001])
def test_every_length_equals_demucs(make: Callable[[], Any], frames: int) -> None:
    # Around one window of 22 050 frames, the end of a stride, and far below.
    model, song = make(), noise(frames)
    plan = Plan(RATE_HZ)
    assert relative_error(ours(model, song, plan), theirs(model, song, plan)) <= TOLERANCE


@pytest.mark.parametrize("make", [small_htdemucs, small_demucs])
def test_a_shorter_segment_equals_demucs(make: Callable[[], Any]) -> None:
    model, song, plan = make(), noise(50_000), Plan(RATE_HZ)
    expected = theirs(model, song, plan, 0.3)
    assert relative_error(ours(model, song, plan, 0.3), expected) <= TOLERANCE
    assert relative_error(ours(model, song, plan), expected) > 1e-3


def test_one_sample_with_shifts_equals_demucs() -> None:
    model, song, plan = small_htdemucs(), noise(1), Plan(RATE_HZ, shifts=2, seed=9)
    assert relative_error(ours(model, song, plan), theirs(model, song, plan)) <= TOLERANCE


WEIGHTS = [[1.0, 0.5, 0.0, 2.0], [0.25, 1.0, 3.0, 0.0]]


@pytest.mark.parametrize("shifts", [0, 2])
def test_a_weighted_bag_equals_demucs(shifts: int) -> None:
    models: list[Any] = [small_htdemucs(1), small_hdemucs(2)]
    song = noise(50_000)
    plan = Plan(RATE_HZ, shifts=shifts, seed=4)
    members = [Member(engine_for(m), tuple(w)) for m, w in zip(models, WEIGHTS, strict=True)]
    expected = theirs(BagOfModels(models, WEIGHTS), song, plan)
    assert relative_error(stream(members, song, plan), expected) <= TOLERANCE


class CountingEngine(TorchEngine):
    windows = 0

    def run(self, windows: np.ndarray) -> np.ndarray:
        self.windows += len(windows)
        return super().run(windows)


def one_hot_bag() -> tuple[list[Any], list[list[float]], list[Member]]:
    models = [small_htdemucs(seed) for seed in range(4)]
    weights = np.eye(4).tolist()
    members = [
        Member(
            CountingEngine(m, stems=tuple(m.sources), segment_frames=22_050, draws_below=1),
            tuple(w),
        )
        for m, w in zip(models, weights, strict=True)
    ]
    return models, weights, members


@pytest.mark.parametrize("shifts", [0, 1])
def test_one_stem_of_a_one_hot_bag_runs_one_network_with_the_same_result(shifts: int) -> None:
    models, weights, members = one_hot_bag()
    song, plan = noise(40_000), Plan(RATE_HZ, shifts=shifts, seed=6)
    expected = theirs(BagOfModels(models, weights), song, plan)
    got = stream(members, song, plan, stems=[2])
    assert relative_error(got, expected[2:3]) <= TOLERANCE
    ran = [isinstance(m.engine, CountingEngine) and m.engine.windows > 0 for m in members]
    assert ran == [False, False, True, False]


def test_batches_of_windows_change_nothing_but_rounding() -> None:
    model, song, plan = small_htdemucs(), noise(120_000), Plan(RATE_HZ)
    got = stream([Member(engine_for(model, batch_limit=4), (1.0,) * 4)], song, plan)
    # A batched matrix product may sum in another order: float32 rounding through the network.
    assert relative_error(got, theirs(model, song, plan)) <= 1e-5


def test_another_seed_gives_another_result() -> None:
    model, song = small_htdemucs(), noise(40_000)
    first, second = (ours(model, song, Plan(RATE_HZ, shifts=1, seed=s)) for s in (1, 2))
    assert relative_error(first, second) > 1e-4
