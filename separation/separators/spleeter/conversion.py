"""Converts Spleeter's checkpoint to our weight file, and proves that the file is correct."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from separation.engine.spectrogram.layout import BINS
from separation.errors import ModelUnavailable
from separation.separators.spleeter.checkpoint import tensors_of
from separation.separators.spleeter.source import DATA, INDEX
from separation.separators.spleeter.weights import load_network, network_with
from separation.separators.wheel.source import Tensors
from separation.tensor_bundle import TensorBundle

if TYPE_CHECKING:
    from separation.separators.spleeter.network import SpleeterNetwork

MASK_TOLERANCE = 0.02
"""Mean difference between the masks of float16 and float32 weights; 0.001 was measured."""

SUM_TOLERANCE = 1e-5

_FRAMES = 64
"""The shortest input of the network."""


def convert(files: Mapping[str, Path]) -> Tensors:
    """The network's tensors in float32. Raises ``BundleDamaged``."""
    return tensors_of(TensorBundle(files[INDEX], files[DATA]))


def prove(path: Path, tensors: Tensors) -> None:
    """Raises ``ModelUnavailable`` where the file's masks are not those of ``tensors``."""
    ours, original = _masks(load_network(path)), _masks(network_with(tensors))
    sums = np.abs(ours.sum(axis=1) - 1).max()
    distance = np.abs(ours - original).mean()
    if not (sums <= SUM_TOLERANCE and distance <= MASK_TOLERANCE):
        raise ModelUnavailable(
            "Spleeter's network does not compute what it should on this machine "
            f"(masks differ by {distance:.3g}, sums by {sums:.3g}). Nothing was kept."
        )


def _masks(network: "SpleeterNetwork") -> NDArray[np.float32]:
    """Masks of noise whose spectrum falls off as that of music does."""
    import torch

    chance = np.random.default_rng(0)
    slope = 30 / (1 + np.arange(BINS) / 20)
    noise = (np.abs(chance.standard_normal((1, 2, _FRAMES, BINS))) * slope).astype(np.float32)
    with torch.inference_mode():
        masks: NDArray[np.float32] = network(torch.from_numpy(noise)).numpy()
    return masks
