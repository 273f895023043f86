"""Songs put one behind the other in one file are one song, however they are stored."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from separation.audio.decoding.chained_reader import PART_LOST
from tests.separation.audio.sounds import decode_here, read
from tests.zoo.making import Sound, by_ffmpeg, by_libsndfile, song

Writer = Callable[[Path, Sound, int], object]

_vorbis = partial(by_libsndfile, kind="OGG", subtype="VORBIS")
_flac = partial(by_libsndfile, kind="FLAC", subtype="PCM_16")
_opus = partial(by_ffmpeg, kind="ogg", codec="libopus")
_flac_in_ogg = partial(by_ffmpeg, kind="ogg", codec="flac")


def _joined(path: Path, *songs: tuple[Writer, Sound, int]) -> Path:
    parts = []
    for write, sound, rate_hz in songs:
        write(path, sound, rate_hz)
        parts.append(path.read_bytes())
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize(
    ("write", "rate_hz", "codec"),
    [
        (_vorbis, 44_100, "vorbis"),
        (_opus, 48_000, "opus"),
        (_flac_in_ogg, 44_100, "flac"),
        (_flac, 44_100, "flac"),
    ],
)
def test_every_song_of_a_chain_is_read(
    tmp_path: Path, write: Writer, rate_hz: int, codec: str
) -> None:
    first, second, third = (
        song(20_001, rate_hz),
        song(9_000, rate_hz) / np.float32(2),
        song(700, rate_hz),
    )
    source = _joined(tmp_path / "a", *((write, sound, rate_hz) for sound in (first, second, third)))

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["codec"] == codec
    assert song_["source_frames"] == 20_001 + 9_000 + 700
    assert song_["warnings"] == []
    middle = read(tmp_path / "song.wav")[:, round(24_000 / rate_hz * 44_100) :][:, :1000]
    assert abs(middle).max() == pytest.approx(abs(second).max(), rel=0.15)


def test_a_chain_whose_songs_differ_is_read_whole_in_stereo(tmp_path: Path) -> None:
    mono = song(11_025, 22_050, channels=1)
    stereo = song(44_100)
    stereo[1] = 0
    source = _joined(tmp_path / "a.ogg", (_vorbis, mono, 22_050), (_vorbis, stereo, 44_100))

    song_ = decode_here(source, tmp_path / "song.wav")

    out = read(tmp_path / "song.wav")
    assert song_["frames"] == out.shape[1] == 22_050 + 44_100
    assert (song_["source_rate_hz"], song_["source_frames"]) == (22_050, 11_025 + 22_050)
    assert abs(out[0, :20_000] - out[1, :20_000]).max() == 0
    assert abs(out[0, 30_000:]).max() > 0.4 and abs(out[1, 30_000:]).max() < 0.05
    assert "at 0.5 s, from 22050 Hz with 1 channel to 44100 Hz with 2" in song_["warnings"][0]


def test_a_flac_of_other_channels_behind_the_first_is_read_too(tmp_path: Path) -> None:
    source = _joined(
        tmp_path / "a", (_flac, song(10_000), 44_100), (_flac, song(8_000, channels=1), 44_100)
    )

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["frames"] == read(tmp_path / "song.wav").shape[1] == 18_000
    assert len(song_["warnings"]) == 1


def test_of_a_chain_the_part_that_cannot_be_decoded_is_left_out_and_the_person_is_told(
    tmp_path: Path,
) -> None:
    source = _joined(tmp_path / "a", *[(_vorbis, song(9_000), 44_100)] * 3)
    content = source.read_bytes()
    third = len(content) // 3
    # The second link names a codec that there is not.
    source.write_bytes(
        content[:third]
        + content[third : 2 * third].replace(b"\x01vorbis", b"\x01xxxxxx")
        + content[2 * third :]
    )

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["source_frames"] == 18_000
    assert song_["warnings"] == [PART_LOST]


def test_pictures_beside_the_sound_make_no_chain(tmp_path: Path) -> None:
    """Streams of one link begin with pages that follow each other directly."""
    sound = tmp_path / "a.ogg"
    _vorbis(sound, song(9_000), 44_100)
    content = sound.read_bytes()
    skeleton = b"OggS\0\2" + bytes(8) + b"\7\0\0\0" + bytes(8) + bytes((1, 8)) + b"fishead\0"
    sound.write_bytes(skeleton + content)

    from separation.audio.decoding.ogg_links import ogg_links

    assert len(ogg_links(sound)) == 1
