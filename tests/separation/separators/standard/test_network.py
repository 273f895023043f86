"""Spleeter and the band-split network composed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from separation.engine.spectrogram.convert import convert_masks
from separation.engine.spectrogram.layout import BINS, FRAMES
from separation.engine.spectrogram.openvino_engine import OpenVinoMasks
from separation.separators.bandsplit.network import BandSplitNetwork, Shape, features
from separation.separators.spleeter.network import SpleeterNetwork
from separation.separators.spleeter.weights import network_with
from separation.separators.standard.network import StandardMasks
from tests.separation.separators.spleeter.small import small_tensors
from tests.separation.separators.standard.small import SHAPE, save_small_bandsplit

DRUMS, BASS, OTHER, VOCALS = range(4)


@pytest.fixture(scope="module")
def spleeter() -> SpleeterNetwork:
    return network_with(small_tensors())


@pytest.fixture(scope="module")
def bandsplit(tmp_path_factory: pytest.TempPathFactory) -> BandSplitNetwork:
    from separation.separators.bandsplit.weights import load

    return load(save_small_bandsplit(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def spectra() -> torch.Tensor:
    noise = np.random.default_rng(2).standard_normal((1, 2, FRAMES, BINS, 2)) * 10
    return torch.from_numpy(noise.astype(np.float32))


def through(masks: StandardMasks, spectra: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = masks(spectra)[0]
    return found


def complex_of(spectra: torch.Tensor) -> torch.Tensor:
    return torch.view_as_complex(spectra)


def test_the_small_network_splits_what_spleeter_leaves(
    bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork, spectra: torch.Tensor
) -> None:
    masks = through(StandardMasks(bandsplit, spleeter, "vocals"), spectra)
    with torch.inference_mode():
        vocals, left = spleeter(complex_of(spectra).abs())[0]
        # As in training: complex numbers, and features of what is left.
        split = bandsplit(features(complex_of(spectra) * left))[0]
    for stem in (DRUMS, BASS, OTHER):
        torch.testing.assert_close(masks[stem], left * split[stem], atol=1e-4, rtol=0)
    torch.testing.assert_close(masks[VOCALS], vocals + left * split[VOCALS], atol=1e-4, rtol=0)
    assert split[VOCALS].mean() > 0.05


@pytest.mark.parametrize("residue", ["other", "vocals", "shared"])
def test_masks_sum_to_one_wherever_the_residue_goes(
    bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork, spectra: torch.Tensor, residue: str
) -> None:
    masks = through(StandardMasks(bandsplit, spleeter, residue), spectra)  # type: ignore[arg-type]
    assert masks.min() >= -1e-6
    torch.testing.assert_close(masks.sum(dim=0), torch.ones_like(masks[0]), atol=1e-4, rtol=0)


def test_the_residue_goes_where_it_is_told(
    bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork, spectra: torch.Tensor
) -> None:
    other, vocals, shared = (
        through(StandardMasks(bandsplit, spleeter, residue), spectra)
        for residue in ("other", "vocals", "shared")
    )
    assert torch.equal(other[VOCALS], shared[VOCALS])
    assert (vocals[VOCALS] >= other[VOCALS]).all()
    assert (vocals[VOCALS] > other[VOCALS]).float().mean() > 0.5
    assert torch.equal(other[DRUMS], vocals[DRUMS])
    assert (shared[DRUMS] > other[DRUMS]).float().mean() > 0.5


def test_without_spleeter_the_small_network_splits_the_mixture(
    bandsplit: BandSplitNetwork, spectra: torch.Tensor
) -> None:
    masks = through(StandardMasks(bandsplit, None), spectra)
    with torch.inference_mode():
        expected = bandsplit(features(complex_of(spectra)))[0]
    torch.testing.assert_close(masks, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("level", [0.0, 1e-9, 1e30])
def test_masks_are_finite_at_any_level(
    bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork, spectra: torch.Tensor, level: float
) -> None:
    masks = through(StandardMasks(bandsplit, spleeter), spectra * level)
    assert torch.isfinite(masks).all()
    torch.testing.assert_close(masks.sum(dim=0), torch.ones_like(masks[0]), atol=1e-4, rtol=0)


def test_the_converted_networks_compute_the_same(
    bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork, spectra: torch.Tensor, tmp_path: Path
) -> None:
    masks = StandardMasks(bandsplit, spleeter)
    expected = through(masks, spectra).numpy()
    convert_masks(masks, tmp_path / "network.xml")
    engine = OpenVinoMasks(tmp_path / "network.xml", stems=masks.stems)
    (found,) = engine.run(spectra.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_shape_of_the_tests_is_a_real_one() -> None:
    assert SHAPE.bins <= Shape().bins < BINS
