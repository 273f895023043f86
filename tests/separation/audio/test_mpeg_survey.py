"""MP3s that libsndfile reads in part or not at all: every frame counts, wherever it stands."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from separation.audio.decoding.mpeg_frames import mpeg_frame_bytes
from separation.audio.decoding.mpeg_survey import survey_mpeg
from separation.audio.decoding.sniff import sniff
from separation.errors import UnsupportedFormat
from tests.separation.audio.sounds import decode_here, read
from tests.zoo.making import Sound, by_ffmpeg, by_libsndfile, song

PADDING = 3 * 1152
"""What an encoder may add before and behind the sound, where it leaves no word of it."""

BARE = {"write_xing": "0", "id3v2_version": "0"}


def _bare(path: Path, sound: Sound, rate_hz: int = 44_100) -> bytes:
    """Nothing but frames."""
    by_ffmpeg(path, sound, rate_hz, kind="mp3", codec="libmp3lame", kbps=128, options=BARE)
    return path.read_bytes()


def _tagged(path: Path, sound: Sound) -> bytes:
    """With the frame that states the length, and no tag of text."""
    by_libsndfile(path, sound, 44_100, kind="MP3", subtype="MPEG_LAYER_III")
    content = path.read_bytes()
    return content[content.index(b"\xff\xfb") :]


def _id3(body: bytes, stated: int | None = None) -> bytes:
    size = len(body) if stated is None else stated
    return b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def _text(text: bytes) -> bytes:
    return b"TIT2" + struct.pack(">I", len(text) + 1) + b"\0\0\0" + text


def _lags(out: Sound, sound: Sound) -> bool:
    """Whether the sound is somewhere in what came out, up to the codec's own delay."""
    left, right = out[0, : sound.shape[1]], sound[0]
    spectrum = np.fft.rfft(left, 2 * len(right)) * np.conj(np.fft.rfft(right, 2 * len(right)))
    correlation = np.fft.irfft(spectrum)
    likeness = correlation.max() / (np.linalg.norm(left) * np.linalg.norm(right))
    return bool(likeness > 0.9 and correlation.argmax() < PADDING)


def test_a_file_of_variable_bit_rate_that_states_no_length_is_read_to_its_end(
    tmp_path: Path,
) -> None:
    # What is loud at first makes the bit rate high, by which libsndfile guesses the length.
    sound = np.random.default_rng(1).standard_normal((2, 132_300)).astype(np.float32) * 0.2
    sound[:, 44_100:] *= 0.001
    source = tmp_path / "a.mp3"
    by_libsndfile(
        source, sound, 44_100, kind="MP3", subtype="MPEG_LAYER_III", bitrate_mode="VARIABLE"
    )
    content = source.read_bytes()
    first = content.index(b"\xff\xfb")
    source.write_bytes(content[first + mpeg_frame_bytes(content[first:]) :])

    song_ = decode_here(source, tmp_path / "song.wav")

    assert 0 <= song_["source_frames"] - 132_300 <= PADDING
    assert song_["warnings"] == []


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("a second tag", lambda frames: _id3(_text(b"a")) + _id3(bytes(100_000)) + frames),
        ("a tag shorter than it is", lambda f: _id3(_text(b"a") + b"\1" * 90_000, 20) + f),
        ("a tag longer than the file", lambda frames: _id3(_text(b"a"), 2**28 - 1) + frames),
        ("padding", lambda frames: _id3(_text(b"a")) + bytes(20_000) + frames),
        ("more padding than a first look reaches", lambda f: _id3(b"") + bytes(200_000) + f),
        ("padding without a tag", lambda frames: bytes(30_000) + frames),
        ("APEv2", lambda frames: b"APETAGEX" + struct.pack("<4I", 2000, 10_000, 0, 1 << 31)
            + bytes(8 + 10_000) + frames),
    ],
)  # fmt: skip
def test_whatever_stands_before_the_first_frame_no_sound_is_lost(
    tmp_path: Path, name: str, wrap: Callable[[bytes], bytes]
) -> None:
    sound = song(60_000)
    source = tmp_path / "a.mp3"
    source.write_bytes(wrap(_tagged(source, sound)))

    song_ = decode_here(source, tmp_path / "song.wav")

    assert (song_["container"], song_["codec"]) == ("mp3", "mp3")
    assert song_["source_frames"] == 60_000
    assert not [warning for warning in song_["warnings"] if "tags" not in warning]


def test_a_frame_of_fraunhofers_encoder_is_no_sound(tmp_path: Path) -> None:
    source = tmp_path / "a.mp3"
    frames = _bare(source, song(40_000))
    plain = decode_here(source, tmp_path / "song.wav")
    length = mpeg_frame_bytes(frames)
    information = frames[:4] + bytes(32) + b"VBRI" + struct.pack(">HHH", 1, 0, 75)
    information += struct.pack(">II", len(frames), len(frames) // length)
    source.write_bytes(information + bytes(length - len(information)) + frames)

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["source_frames"] == plain["source_frames"]
    assert song_["warnings"] == []


def test_xings_frame_is_no_sound_though_it_states_no_length(tmp_path: Path) -> None:
    source = tmp_path / "a.mp3"
    frames = _bare(source, song(40_000))
    plain = decode_here(source, tmp_path / "song.wav")
    length = mpeg_frame_bytes(frames)
    information = frames[:4] + bytes(32) + b"Info" + bytes(4)
    source.write_bytes(information + bytes(length - len(information)) + frames)

    assert decode_here(source, tmp_path / "song.wav")["source_frames"] == plain["source_frames"]


@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 1), (22_050, 2), (48_000, 1)])
def test_a_stream_that_changes_its_format_is_read_to_its_end_and_the_person_is_told(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    first, second = song(44_100), song(rate_hz, rate_hz, channels)
    source = tmp_path / "a.mp3"
    content = _bare(source, first) + _bare(tmp_path / "b.mp3", second, rate_hz)
    source.write_bytes(content)

    song_ = decode_here(source, tmp_path / "song.wav")

    out = read(tmp_path / "song.wav")
    assert song_["frames"] == out.shape[1]
    assert 88_200 <= out.shape[1] <= 88_200 + 4 * PADDING
    assert _lags(out[:, :46_000], first)
    assert np.sqrt(np.mean(out[:, 60_000:80_000] ** 2)) > 0.1
    (warning,) = song_["warnings"]
    after = f"{rate_hz} Hz with {channels} channel"
    assert f"at 1.0 s, from 44100 Hz with 2 channels to {after}" in warning


def test_a_change_of_format_by_chance_inside_of_damage_is_none(tmp_path: Path) -> None:
    source = tmp_path / "a.mp3"
    frames = bytearray(_bare(source, song(60_000)))
    at = 0
    for _ in range(10):
        at += mpeg_frame_bytes(bytes(frames[at : at + 4]))
    # No head where a frame begins, and that of a frame of another kind behind it.
    frames[at : at + 54] = bytes(50) + b"\xff\xf3\x90\xc4"
    source.write_bytes(frames)

    survey = survey_mpeg(source)

    assert survey is not None and (len(survey.parts), survey.gaps) == (1, 1)


def test_of_damage_in_the_middle_of_an_mp3_the_person_is_told(tmp_path: Path) -> None:
    source = tmp_path / "a.mp3"
    content = bytearray(_tagged(source, song(60_000)))
    content[3000:3500] = b"\x55" * 500
    source.write_bytes(content)

    song_ = decode_here(source, tmp_path / "song.wav")

    assert 60_000 - 3 * 1152 <= song_["source_frames"] <= 60_000
    assert song_["warnings"] == ["A damaged part of the file was left out."]


def test_two_sync_words_at_the_right_distance_make_no_song(tmp_path: Path) -> None:
    noise = bytearray(np.random.default_rng(3).integers(0, 255, 20_000, np.uint8).tobytes())
    for at in (3000, 3000 + mpeg_frame_bytes(b"\xff\xfb\x90\x64")):
        noise[at : at + 4] = b"\xff\xfb\x90\x64"
    path = tmp_path / "a.mp3"
    path.write_bytes(noise)

    with pytest.raises(UnsupportedFormat):
        sniff(path)


@pytest.mark.parametrize(
    ("first_packet", "words"),
    [
        (b"Speex   1.2", "Ogg file with Speex"),
        (b"CELT    0.11", "Ogg file with CELT"),
        (b"\x80theora\x03\x02", "video without sound"),
        (b"Who knows", "unknown kind"),
    ],
)
def test_an_ogg_file_of_another_codec_is_named_though_frames_of_mpeg_may_be_in_it(
    tmp_path: Path, first_packet: bytes, words: str
) -> None:
    page = b"OggS\0\2" + bytes(20) + bytes((1, len(first_packet))) + first_packet
    path = tmp_path / "a.ogg"
    path.write_bytes(page + _bare(tmp_path / "frames", song(20_000)))

    with pytest.raises(UnsupportedFormat, match=words):
        sniff(path)
