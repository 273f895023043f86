from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.errors import InvalidOptions
from separation.training.corpus import SAMPLE_RATE_HZ, Corpus, read_index
from separation.training.multitracks import add_multitracks, stem_of


@pytest.mark.parametrize(
    ("track", "stem"),
    [
        ("vox_lead", "vocals"),
        ("bgvox_alt", "vocals"),
        ("hvy_kick", "drums"),
        ("k_sn", "drums"),
        ("glitch_hh", "drums"),
        ("tops", "drums"),
        ("build_prc", "drums"),
        ("break", "drums"),
        ("melody_break", "other"),
        ("bass_stab", "bass"),
        ("minilogue_synth", "other"),
        ("microcosm_effect", "other"),
        ("pad_bass", None),
    ],
)
def test_a_track_belongs_to_the_stem_that_its_name_tells(track: str, stem: str | None) -> None:
    assert stem_of(track) == stem


def _track(path: Path, seconds: float, rate_hz: int = 24_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.full(int(seconds * rate_hz), 0.25, dtype=np.float32)
    soundfile.write(path, samples, rate_hz)


def test_what_is_held_back_is_cut_out_and_the_rest_keeps_together(tmp_path: Path) -> None:
    _track(tmp_path / "songs" / "a" / "kick.wav", 10.0)
    _track(tmp_path / "songs" / "a" / "vox.24k.wav", 10.0)
    list(add_multitracks(tmp_path / "songs", tmp_path / "corpus", {"a": (4.0, 7.0)}))
    corpus = Corpus([tmp_path / "corpus"])
    seconds = {clip.name: corpus.frames(clip) / SAMPLE_RATE_HZ for clip in corpus.clips}
    assert seconds == pytest.approx(
        {"a-kick-0": 4.0, "a-kick-1": 3.0, "a-vox-0": 4.0, "a-vox-1": 3.0}, abs=0.01
    )
    assert {clip.song for clip in corpus.clips} == {"a#0", "a#1"}
    narrow = [clip.bandwidth_hz for clip in corpus.clips if clip.stem == "vocals"]
    assert narrow == [12_000.0, 12_000.0]


def test_a_second_run_adds_only_what_is_missing(tmp_path: Path) -> None:
    _track(tmp_path / "songs" / "a" / "kick.wav", 1.0)
    assert len(list(add_multitracks(tmp_path / "songs", tmp_path / "corpus", {}))) == 1
    _track(tmp_path / "songs" / "a" / "bass.wav", 1.0)
    told = list(add_multitracks(tmp_path / "songs", tmp_path / "corpus", {}))
    assert [line.split(":")[0] for line in told] == ["a-bass-0"]
    assert len(list(read_index(tmp_path / "corpus"))) == 2


def test_a_folder_without_tracks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match="a folder for each song"):
        list(add_multitracks(tmp_path, tmp_path / "corpus", {}))
