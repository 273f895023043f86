"""Spleeter and the band-split network composed."""

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch

from separation.engine.spectrogram.convert import convert_masks
from separation.engine.spectrogram.layout import BINS, FRAMES
from separation.engine.spectrogram.openvino_engine import OpenVinoMasks
from separation.separators.bandsplit.network import BandSplitNetwork, Shape, features
from separation.separators.spleeter.network import SpleeterNetwork
from separation.separators.spleeter.weights import network_with
from separation.separators.standard.network import StandardMasks
from separation.separators.standard.transients import LOW_BINS, drums_and_bass
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
    masks = through(StandardMasks(bandsplit, spleeter), spectra)
    with torch.inference_mode():
        vocals, left = spleeter(complex_of(spectra).abs())[0]
        # As in training: complex numbers, and features of what is left.
        split = bandsplit(features(complex_of(spectra) * left))[0]
    assert split[VOCALS].mean() > 0.05
    music = split[:VOCALS] / split[:VOCALS].sum(dim=0)
    above = slice(LOW_BINS, None)
    for stem in (DRUMS, BASS, OTHER):
        expected = (left * music[stem])[..., above]
        torch.testing.assert_close(masks[stem][..., above], expected, atol=5e-4, rtol=0)
    torch.testing.assert_close(masks[VOCALS], vocals, atol=1e-4, rtol=0)


def test_without_spleeter_the_small_network_splits_the_mixture(
    bandsplit: BandSplitNetwork, spectra: torch.Tensor
) -> None:
    masks = through(StandardMasks(bandsplit, None), spectra)
    with torch.inference_mode():
        expected = bandsplit(features(complex_of(spectra)))[0]
    above = slice(LOW_BINS, None)
    torch.testing.assert_close(masks[..., above], expected[..., above], atol=1e-4, rtol=0)


@pytest.mark.parametrize("has_spleeter", [True, False])
def test_a_low_note_that_stays_goes_to_the_bass_and_a_thud_to_the_drums(
    bandsplit: BandSplitNetwork, spleeter: SpleeterNetwork, has_spleeter: bool
) -> None:
    masks = StandardMasks(bandsplit, spleeter if has_spleeter else None)
    note, thud = torch.zeros(2, 1, 2, FRAMES, BINS, 2)
    note[:, :, :, 4, 0] = 10.0
    thud[:, :, 100, :40, 0] = 10.0
    staying, struck = through(masks, note)[:, :, 100, 4], through(masks, thud)[:, :, 100, 4]
    assert (staying[BASS] > 4 * staying[DRUMS]).all()
    assert (struck[DRUMS] > 4 * struck[BASS]).all()


def test_drums_get_no_more_of_a_low_sound_than_the_share_of_it_that_strikes() -> None:
    note = torch.full((1, 2, FRAMES, BINS), 0.1)
    note[:, :, :, 4] = 10.0
    note[:, :, 200, :40] += 3.0
    sure, doubtful = torch.full_like(note, 0.9), torch.full_like(note, 0.05)
    drums, bass = drums_and_bass(note, sure, doubtful)
    assert drums[0, 0, 100, 4] < 1e-3 and bass[0, 0, 100, 4] > 0.05
    assert 0.02 < drums[0, 0, 200, 4] < 0.2
    assert torch.equal(drums[..., LOW_BINS:], sure[..., LOW_BINS:])


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


def test_no_product_keeps_the_converted_network_from_half_precision(
    bandsplit: BandSplitNetwork, tmp_path: Path
) -> None:
    # OpenVINO computes a product with a constant in float32, but for layers that are linear:
    # those have their matrix on the right.
    convert_masks(StandardMasks(bandsplit, None), tmp_path / "network.xml")
    model = openvino.Core().read_model(tmp_path / "network.xml")
    products = [node for node in model.get_ops() if node.get_type_name() == "MatMul"]
    assert products
    for node in products:
        left, right = (node.input_value(place) for place in (0, 1))
        assert left.get_node().get_type_name() != "Constant", node
        is_constant = right.get_node().get_type_name() == "Constant"
        assert not is_constant or len(right.get_shape()) == 2, node


def test_the_shape_of_the_tests_is_a_real_one() -> None:
    assert SHAPE.bins <= Shape().bins < BINS
