from pathlib import Path

import numpy as np
import pytest
import torch

from separation.separators.bandsplit.layout import BINS, STEMS
from separation.training.corpus import Clip, Corpus, add_clip
from separation.training.mixing import Mixer
from tests.separation.training.material import small_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus([small_corpus(tmp_path_factory.mktemp("corpus"))])


def test_stems_sum_to_the_mixture_whatever_was_drawn(corpus: Corpus) -> None:
    mixer = Mixer(corpus, frames=24, seed=1)
    for _ in range(12):
        mixture = mixer.mixture()
        assert mixture.mixture.shape == (2, 24, BINS)
        assert mixture.stems.shape == (len(STEMS), 2, 24, BINS)
        error = (mixture.stems.sum(dim=0) - mixture.mixture).abs().max()
        assert error <= 1e-4 * mixture.mixture.abs().max() + 1e-6
        assert bool(torch.isfinite(torch.view_as_real(mixture.stems)).all())


def test_equal_seeds_draw_equal_mixtures_and_others_differ(corpus: Corpus) -> None:
    def drawn(seed: int) -> torch.Tensor:
        return Mixer(corpus, frames=24, seed=seed).mixture().mixture

    assert torch.equal(drawn(3), drawn(3))
    assert not torch.equal(drawn(3), drawn(4))


def test_songs_with_and_without_vocals_are_drawn(corpus: Corpus) -> None:
    mixer = Mixer(corpus, frames=24, seed=5)
    vocals = STEMS.index("vocals")
    heard = [bool(mixer.mixture().stems[vocals].abs().max() > 0) for _ in range(30)]
    assert 0 < sum(heard) < 30


def test_silent_material_makes_silent_mixtures_and_no_fault(tmp_path: Path) -> None:
    for stem in STEMS:
        silence = np.zeros((2, 100_000), dtype=np.float32)
        add_clip(tmp_path, Clip(stem, stem, "one", "multitrack"), silence)
    mixer = Mixer(Corpus([tmp_path]), frames=24, seed=1)
    assert not any(mixer.mixture().mixture.abs().max() > 0 for _ in range(5))


def test_a_narrow_recording_narrows_its_whole_mixture(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal((2, 200_000)).astype(np.float32) * 0.1
    for stem in STEMS:
        add_clip(tmp_path, Clip(stem, stem, "one", "multitrack", bandwidth_hz=6_000.0), noise)
    mixer = Mixer(Corpus([tmp_path]), frames=24, seed=2)
    for _ in range(5):
        power = mixer.mixture().mixture.abs().square().mean(dim=(0, 1))
        assert power[900:].mean() < 1e-3 * power[50:400].mean()  # above 9.7 kHz
