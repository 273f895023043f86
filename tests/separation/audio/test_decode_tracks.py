"""Files with several sound tracks, of which one is wanted."""

from pathlib import Path

import numpy as np
import pytest

from separation.audio.decoding.decode import decode_to_canonical
from separation.audio.encoding.stem_mp4 import StemFileWriter
from separation.errors import EmptyAudio
from tests.separation.audio.sounds import LIMITS, read, save_wav, tones


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five tracks, each half as loud as the one before."""
    path = tmp_path_factory.mktemp("tracks") / "song.mp4"
    with StemFileWriter(path) as writer:
        writer.write([tones(22_050) * np.float32(0.5**place) for place in range(5)])
        writer.finish()
    return path


def test_a_track_is_taken_by_its_number_and_without_a_warning(levels: Path, tmp_path: Path) -> None:
    song = decode_to_canonical(levels, tmp_path / "out.wav", LIMITS, track=3)
    assert song.frames == 22_050 and song.warnings == ()
    loudness = np.std(read(tmp_path / "out.wav")) / np.std(tones(22_050))
    assert loudness == pytest.approx(0.5**3, rel=0.05)


def test_without_a_number_it_is_the_first_and_the_others_are_told(
    levels: Path, tmp_path: Path
) -> None:
    song = decode_to_canonical(levels, tmp_path / "out.wav", LIMITS)
    assert song.warnings == ("The file has 5 sound tracks; the first was used.",)
    assert np.std(read(tmp_path / "out.wav")) == pytest.approx(np.std(tones(22_050)), rel=0.05)


def test_a_track_that_is_not_there_is_refused_and_nothing_is_left(
    levels: Path, tmp_path: Path
) -> None:
    wav = save_wav(tmp_path / "song.wav", tones(1_000))
    for file, track in ((levels, 5), (wav, 1)):
        with pytest.raises(EmptyAudio, match=f"there is no track {track + 1}"):
            decode_to_canonical(file, tmp_path / "out.wav", LIMITS, track=track)
        assert not (tmp_path / "out.wav").exists()
