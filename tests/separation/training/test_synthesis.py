from pathlib import Path

import numpy as np
import pytest

from separation.training.corpus import Corpus
from separation.training.synthesis import add_synthetic_songs
from separation.training.synthesis import song as song_module


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    for module in ("song", "track", "parts"):
        monkeypatch.setattr(f"separation.training.synthesis.{module}.SECONDS", 6.0, raising=False)
    list(add_synthetic_songs(tmp_path, songs=3, seed=1))
    return Corpus([tmp_path])


def test_a_song_has_four_stems_that_sound_and_fit_together(corpus: Corpus) -> None:
    assert len(corpus.by_song) == 3
    for clips in corpus.by_song.values():
        assert [clip.stem for clip in clips] == ["drums", "bass", "other", "vocals"]
        assert len({corpus.frames(clip) for clip in clips}) == 1
        for clip in clips:
            samples = corpus.read(clip, 0, corpus.frames(clip))
            assert 0.01 < float(np.sqrt(np.mean(samples**2))) < 0.7


def test_songs_differ_and_a_second_run_adds_nothing(corpus: Corpus, tmp_path: Path) -> None:
    basses = [corpus.read(clip, 0, 44_100) for clip in corpus.by_stem["bass"]]
    assert all(np.abs(basses[0] - bass).max() > 0.05 for bass in basses[1:])
    assert list(add_synthetic_songs(tmp_path, songs=3, seed=1)) == []


def test_the_bass_lies_below_the_other_parts(corpus: Corpus) -> None:
    def low_share(stem: str) -> float:
        shares = []
        for clip in corpus.by_stem[stem]:
            power = np.abs(np.fft.rfft(corpus.read(clip, 0, corpus.frames(clip))[0])) ** 2
            shares.append(power[: (250 * 6)].sum() / power.sum())
        return float(np.mean(shares))

    assert low_share("bass") > 0.6 > low_share("other")


def test_a_scale_degree_is_a_pitch_and_seven_of_them_an_octave() -> None:
    song = song_module.draw_song(np.random.default_rng(1))
    assert song.hertz(7, 1) == pytest.approx(2 * song.hertz(0, 1))
