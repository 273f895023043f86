from pathlib import Path

import pytest

from separation.audio.decoding.sniff import sniff
from separation.errors import EmptyAudio, UnsupportedFormat
from tests.separation.audio.sounds import save, save_by_ffmpeg, save_wav, tones

SOUNDFILE_KINDS = [
    ("WAV", "PCM_24", "wav"),
    ("RF64", "FLOAT", "rf64"),
    ("W64", "PCM_16", "w64"),
    ("AIFF", "PCM_16", "aiff"),
    ("AU", "PCM_16", "au"),
    ("FLAC", "PCM_16", "flac"),
    ("MP3", "MPEG_LAYER_III", "mp3"),
    ("OGG", "VORBIS", "ogg"),
]
FFMPEG_KINDS = [
    ("ipod", "aac", "mp4"),
    ("mov", "aac", "mp4"),
    ("webm", "libopus", "matroska"),
    ("ogg", "libopus", "ogg"),
    ("adts", "aac", "aac"),
    ("caf", "alac", "caf"),
    ("ac3", "ac3", "ac3"),
    ("eac3", "eac3", "eac3"),
    ("avi", "aac", "avi"),
    ("ogg", "flac", "ogg"),
]


@pytest.mark.parametrize(("kind", "subtype", "container"), SOUNDFILE_KINDS)
def test_the_bytes_name_the_container_whatever_the_file_is_called(
    tmp_path: Path, kind: str, subtype: str, container: str
) -> None:
    path = save(tmp_path / "song.txt", tones(5000), kind=kind, subtype=subtype)

    assert (sniff(path).container, sniff(path).reader) == (container, "soundfile")


@pytest.mark.parametrize(("kind", "codec", "container"), FFMPEG_KINDS)
def test_what_libsndfile_cannot_read_goes_to_ffmpeg(
    tmp_path: Path, kind: str, codec: str, container: str
) -> None:
    path = save_by_ffmpeg(
        tmp_path / "song.txt", tones(9600, 48_000), 48_000, kind=kind, codec=codec
    )

    assert (sniff(path).container, sniff(path).reader) == (container, "pyav")


def test_a_long_id3_tag_before_the_first_mp3_frame_is_stepped_over(tmp_path: Path) -> None:
    song = save(tmp_path / "a.mp3", tones(9000), kind="MP3", subtype="MPEG_LAYER_III")
    size = 200_000
    coded = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    song.write_bytes(b"ID3\x04\0\0" + coded + bytes(size) + song.read_bytes())

    assert sniff(song).container == "mp3"


def test_a_single_sync_word_does_not_make_a_mp3(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp3"
    path.write_bytes(b"\xff\xfb\x90\x64" + bytes(range(1, 200)) * 20)

    with pytest.raises(UnsupportedFormat, match="not supported"):
        sniff(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"I am a text, renamed.\n" * 50, "text file"),
        (b"#EXTM3U\nhttp://example.org/a.mp3\n", "playlist"),
        (b"\xef\xbb\xbf[playlist]\nFile1=a.mp3\n", "playlist"),
        (b"PK\x03\x04" + bytes(100), "ZIP archive"),
        (bytes(257) + b"ustar" + bytes(100), "tar archive"),
        (b"MThd" + bytes(20), "MIDI"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "picture"),
        (b"RIFF\x10\0\0\0ACON" + bytes(50), "not supported"),
        (b"OggS" + bytes(22) + b"\x01\x07Speex  " + bytes(50), "not supported"),
    ],
)
def test_what_is_no_song_is_refused_with_a_word_on_what_it_is(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(content)

    with pytest.raises(UnsupportedFormat, match=words):
        sniff(path)


def test_a_file_of_no_bytes_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.touch()

    with pytest.raises(EmptyAudio, match="0 bytes"):
        sniff(path)


def test_a_riff_wave_is_recognised_by_its_form_type(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", tones(10))
    content = bytearray(path.read_bytes())
    content[8:12] = b"CDXA"
    path.write_bytes(content)

    with pytest.raises(UnsupportedFormat):
        sniff(path)
