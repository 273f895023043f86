"""The torch engine's precisions, on the CPU."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from separation.engine.torch_engine import TorchEngine
from tests.separation.small_models import (
    noise,
    relative_error,
    small_demucs,
    small_hdemucs,
    small_htdemucs,
)

FRAMES = 22_050


def engine(module: Any, **options: Any) -> TorchEngine:
    return TorchEngine(module, stems=("a", "b", "c", "d"), segment_frames=FRAMES, **options)


def windows(one: TorchEngine, count: int) -> np.ndarray:
    length = one.input_frames(FRAMES)
    return noise(count * length).reshape(2, count, length).swapaxes(0, 1).copy()


@pytest.mark.parametrize("make", [small_htdemucs, small_hdemucs, small_demucs])
def test_fast_is_near_exact_but_not_the_same(make: Callable[[], Any]) -> None:
    exact, fast = engine(make()), engine(make(), fast=True)
    given = windows(exact, 1)
    wanted, got = exact.run(given), fast.run(given)
    assert got.dtype == np.float32
    # bfloat16 keeps 8 bits: 4e-3 for one rounding; a few of them add up in small networks.
    assert 1e-5 < relative_error(got, wanted) < 2e-2
    assert (exact.precision, fast.precision) == ("float32", "bfloat16")


def test_windows_are_not_modified() -> None:
    one = engine(small_htdemucs(), fast=True)
    given = windows(one, 1)
    before = given.copy()
    one.run(given)
    np.testing.assert_array_equal(given, before)


def test_a_batch_gives_what_its_windows_give_one_by_one() -> None:
    batched, single = engine(small_htdemucs(), batch_limit=3), engine(small_htdemucs())
    given = windows(single, 5)
    wanted = np.concatenate([single.run(given[i : i + 1]) for i in range(5)])
    # A batched matrix product may sum in another order.
    assert relative_error(batched.run(given), wanted) < 1e-5


class Overflowing(torch.nn.Module):
    """Stands for a network some of whose values are beyond half precision."""

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        ours = torch.is_autocast_enabled("cpu")
        return (windows * float("inf") if ours else windows * 2.0)[:, None]


def test_values_beyond_half_precision_are_computed_again_in_float32_and_it_says_so() -> None:
    one = engine(Overflowing(), fast=True)
    given = np.ones((2, 2, FRAMES), np.float32)
    np.testing.assert_array_equal(one.run(given), 2.0 * given[:, None])
    assert one.precision == "float32"
    np.testing.assert_array_equal(one.run(given), 2.0 * given[:, None])
