"""Headers that a recorder did not finish, and names of headers that libsndfile does not know."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from separation.audio.decoding.unfinished import UNFINISHED, corrected
from separation.errors import EmptyAudio
from tests.separation.audio.sounds import decode_here, read
from tests.zoo.making import by_libsndfile, song

FRAMES = 20_000
SOUND_BYTES = 4 * FRAMES


@dataclass(frozen=True)
class Change:
    """``new`` bytes ``offset`` behind the first ``marker`` of a file."""

    marker: bytes
    offset: int
    new: bytes


def _little(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


NO_RIFF_LENGTH = Change(b"RIFF", 0, _little(0))
CASES: dict[str, tuple[str, tuple[Change, ...]]] = {
    "WAV, no lengths": ("WAV", (NO_RIFF_LENGTH, Change(b"data", 0, _little(0)))),
    "WAV, those of an empty file": (
        "WAV",
        (Change(b"RIFF", 0, _little(36)), Change(b"data", 0, _little(0))),
    ),
    "WAV, no length of the sound": ("WAV", (Change(b"data", 0, _little(0)),)),
    "WAV, half the length of the sound": (
        "WAV",
        (Change(b"data", 0, _little(SOUND_BYTES // 2)),),
    ),
    "RF64": ("RF64", (Change(b"ds64", 4, bytes(24)),)),
    "BW64": ("RF64", (Change(b"", 0, b"BW64"), Change(b"ds64", 4, bytes(24)))),
    "W64, 0": ("W64", (Change(b"", 16, bytes(8)), Change(b"data\xf3", 11, bytes(8)))),
    "W64, that of an empty one": ("W64", (Change(b"data\xf3", 11, _little(24, 8)),)),
    "AIFF, no lengths": (
        "AIFF",
        (
            Change(b"FORM", 0, bytes(4)),
            Change(b"COMM", 6, bytes(4)),
            Change(b"SSND", 0, bytes(4)),
        ),
    ),
    "AIFF, that of an empty one": (
        "AIFF",
        (Change(b"COMM", 6, bytes(4)), Change(b"SSND", 0, b"\0\0\0\x08")),
    ),
    "AU": ("AU", (Change(b".snd", 4, bytes(4)),)),
}


def _changed(path: Path, kind: str, changes: tuple[Change, ...], behind: bytes = b"") -> Path:
    by_libsndfile(path, song(FRAMES), 44_100, kind=kind, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    for change in changes:
        at = content.index(change.marker) + len(change.marker) + change.offset
        content[at : at + len(change.new)] = change.new
    path.write_bytes(content + behind)
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_was_never_finished_is_read_to_its_end_and_the_person_is_told(
    tmp_path: Path, name: str
) -> None:
    source = _changed(tmp_path / "a", *CASES[name])

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["source_frames"] == FRAMES
    assert np.allclose(read(tmp_path / "song.wav"), song(FRAMES), atol=2**-15)
    assert song_["warnings"][0] == UNFINISHED


def test_bw64_is_read_as_rf64_is(tmp_path: Path) -> None:
    source = _changed(tmp_path / "a", "RF64", (Change(b"", 0, b"BW64"),))

    song_ = decode_here(source, tmp_path / "song.wav")

    assert (song_["container"], song_["source_frames"]) == ("rf64", FRAMES)
    assert song_["warnings"] == []


def test_bw64_of_less_than_4_gb_need_not_have_the_long_lengths(tmp_path: Path) -> None:
    source = _changed(tmp_path / "a", "WAV", (Change(b"", 0, b"BW64"),))

    song_ = decode_here(source, tmp_path / "song.wav")

    assert (song_["source_frames"], song_["warnings"]) == (FRAMES, [])


TEXT = b"LIST" + _little(16) + b"INFOISFT" + _little(4) + b"abcd"


@pytest.mark.parametrize(
    ("changes", "behind"),
    [
        ((), b""),
        ((Change(b"RIFF", 0, _little(36 + SOUND_BYTES + len(TEXT))),), TEXT),
        ((), TEXT),
        ((), b"\x81" * 5000),
    ],
    ids=["nothing", "chunks", "chunks that the file does not own", "what no chunk is"],
)
def test_of_a_finished_file_nothing_behind_the_sound_is_taken_for_sound(
    tmp_path: Path, changes: tuple[Change, ...], behind: bytes
) -> None:
    source = _changed(tmp_path / "a", "WAV", changes, behind)

    song_ = decode_here(source, tmp_path / "song.wav")

    assert (song_["source_frames"], song_["warnings"]) == (FRAMES, [])
    assert corrected(source, "wav").patches == {}


def test_a_header_with_no_sound_but_with_text_is_empty(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    by_libsndfile(source, song(0), 44_100, kind="WAV", subtype="PCM_16")
    source.write_bytes(source.read_bytes() + TEXT)

    with pytest.raises(EmptyAudio):
        decode_here(source, tmp_path / "song.wav")
