"""The transforms around the network against demucs' own."""

import numpy as np
import pytest
import torch

from separation.engine.spectra import Spectra
from tests.separation.small_models import noise, relative_error, small_htdemucs

TOLERANCE = 2e-6
"""Another FFT in float32, and windows multiplied in another order: a few roundings."""

FRAMES = (22_050, 22_528, 22_529, 9_001)
"""Around a multiple of the hop, which is 256 here, and far from one."""


@pytest.mark.parametrize("frames", FRAMES)
def test_the_way_in_is_that_of_demucs(frames: int) -> None:
    network, signal = small_htdemucs(), noise(frames)
    theirs = torch.view_as_real(network._spec(torch.from_numpy(signal)[None]))[0]
    ours = Spectra(network.nfft, frames).forward(signal)
    expected = theirs.permute(0, 2, 1, 3).numpy()
    assert ours.shape == expected.shape
    assert relative_error(ours, expected) <= TOLERANCE


@pytest.mark.parametrize("frames", FRAMES)
def test_the_way_back_is_that_of_demucs(frames: int) -> None:
    # Spectra that belong to no signal, as a network's do not either.
    network, spectra = small_htdemucs(), Spectra(1024, frames)
    draw = np.random.default_rng(3)
    values = draw.standard_normal((3, 2, *spectra.shape)).astype(np.float32)
    complexes = torch.view_as_complex(torch.from_numpy(values)).transpose(-1, -2)
    theirs = network._ispec(complexes, frames).numpy()
    ours = spectra.inverse(np.ascontiguousarray(np.moveaxis(values, (0, 1), (2, 3))))
    assert ours.shape == theirs.shape
    assert relative_error(ours, theirs) <= TOLERANCE
