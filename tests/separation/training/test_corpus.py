from pathlib import Path

import numpy as np
import pytest

from separation.errors import InvalidOptions
from separation.training.corpus import INDEX, Clip, Corpus, add_clip
from tests.separation.training.material import SOUNDS, small_corpus


def test_what_was_added_is_read_to_a_sixteenth_bit(tmp_path: Path) -> None:
    corpus = Corpus([small_corpus(tmp_path)])
    clip = next(clip for clip in corpus.clips if clip.name == "one-other")
    read = corpus.read(clip, 1000, 5000)
    assert np.abs(read - SOUNDS["other"][:, 1000:6000]).max() < 1 / 32767


def test_outside_of_a_clip_there_is_silence(tmp_path: Path) -> None:
    corpus = Corpus([small_corpus(tmp_path)])
    clip = corpus.clips[0]
    frames = corpus.frames(clip)
    assert not corpus.read(clip, frames, 10).any()
    assert not corpus.read(clip, -10, 10).any()


def test_a_song_that_is_held_out_is_not_read(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path, ("one", "two#0", "two#1"))
    corpus = Corpus([folder], without_songs=frozenset({"two"}))
    assert {clip.song for clip in corpus.clips} == {"one"}


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    small_corpus(tmp_path, ("one",))
    with (tmp_path / INDEX).open("a") as index:
        index.write('{"name": "two-dru')
    assert len(Corpus([tmp_path]).clips) == 4


def test_an_empty_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match="Prepare material first"):
        Corpus([tmp_path])


def test_loud_samples_are_clipped_and_do_not_wrap(tmp_path: Path) -> None:
    add_clip(tmp_path, Clip("loud", "drums", "one", "multitrack"), np.full((2, 9), 3.0, np.float32))
    corpus = Corpus([tmp_path])
    assert corpus.read(corpus.clips[0], 0, 9).min() == pytest.approx(1.0)
