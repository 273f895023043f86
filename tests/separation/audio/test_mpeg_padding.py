"""Padding of a MP3 that iTunes has noted in a comment, where no frame of LAME tells of it."""

from pathlib import Path

import av
import numpy as np
import pytest
from mutagen.id3 import COMM, ID3, TXXX, Encoding

from separation.audio.decoding.mpeg_frames import mpeg_frame_bytes
from tests.separation.audio.sounds import decode_here, read
from tests.zoo.making import by_ffmpeg, by_libsndfile, song

LENGTH = 20_000
DELAY = 576
"""What LAME puts before the sound."""

FRAMES_OF_FILE = 19 * 1152


def _frames(path: Path, *, xing: bool = False) -> Path:
    options = {"write_xing": str(int(xing)), "id3v2_version": "0"}
    by_ffmpeg(path, song(LENGTH), 44_100, kind="mp3", codec="libmp3lame", kbps=192, options=options)
    return path


def _note(length: int = LENGTH, total: int = FRAMES_OF_FILE) -> str:
    words = (0, DELAY, max(total - DELAY - length, 0))
    return "".join(f" {word:08X}" for word in words) + f" {length:016X}" + " 00000000" * 7


def _noted(path: Path, text: str, kind: str = "COMM", **saving: int) -> Path:
    tags = ID3()
    form = Encoding.UTF16 if kind == "UTF-16" else Encoding.LATIN1
    if kind == "TXXX":
        tags.add(TXXX(encoding=form, desc="iTunSMPB", text=[text]))
    else:
        tags.add(COMM(encoding=form, lang="eng", desc="iTunSMPB", text=[text]))
    tags.save(path, **saving)
    return path


def _is_song(out: np.ndarray) -> bool:
    difference = out - song(LENGTH)[:, : out.shape[1]]
    return bool(np.sqrt(np.mean(difference**2)) < 0.03)


@pytest.mark.parametrize(
    ("kind", "saving"), [("COMM", {}), ("COMM", {"v2_version": 3}), ("TXXX", {}), ("UTF-16", {})]
)
def test_what_itunes_has_noted_is_left_out_as_in_m4a(
    tmp_path: Path, kind: str, saving: dict[str, int]
) -> None:
    source = _noted(_frames(tmp_path / "a.mp3"), _note(), kind, **saving)

    song_ = decode_here(source, tmp_path / "song.wav")

    out = read(tmp_path / "song.wav")
    assert song_["source_frames"] == out.shape[1] == LENGTH
    assert _is_song(out), "it begins where the sound does"
    assert song_["warnings"] == []


def test_ffmpeg_keeps_the_padding(tmp_path: Path) -> None:
    source = _noted(_frames(tmp_path / "a.mp3"), _note())

    with av.open(str(source)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == FRAMES_OF_FILE


def test_a_frame_that_states_only_the_number_of_frames_leaves_the_note_in_force(
    tmp_path: Path,
) -> None:
    source = _frames(tmp_path / "a.mp3", xing=True)
    content = source.read_bytes()
    size = mpeg_frame_bytes(content)
    tag = max(content.find(b"Info"), content.find(b"Xing"))
    assert 0 < tag < size
    # Nothing of LAME's is left behind the frames, bytes, places and quality.
    source.write_bytes(content[: tag + 120] + bytes(size - tag - 120) + content[size:])
    _noted(source, _note())

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["source_frames"] == LENGTH
    assert _is_song(read(tmp_path / "song.wav"))


def test_what_lame_says_counts_more_than_a_note(tmp_path: Path) -> None:
    source = tmp_path / "a.mp3"
    by_libsndfile(source, song(LENGTH), 44_100, kind="MP3", subtype="MPEG_LAYER_III")
    _noted(source, _note(LENGTH - 1000))

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["source_frames"] == LENGTH
    assert _is_song(read(tmp_path / "song.wav"))


@pytest.mark.parametrize(
    "text",
    [
        _note(total=40 * 1152),
        _note(length=0),
        _note(length=2**62),
        " 00000000 00005000 00000000 0000000000000580",
        "nothing of the kind",
        " 00000000 00000240",
    ],
    ids=["of a longer file", "no length", "a length beyond all", "no sound left", "words", "short"],
)
def test_a_note_that_cannot_be_about_these_frames_costs_no_sound(tmp_path: Path, text: str) -> None:
    source = _noted(_frames(tmp_path / "a.mp3"), text)

    assert decode_here(source, tmp_path / "song.wav")["source_frames"] == FRAMES_OF_FILE
