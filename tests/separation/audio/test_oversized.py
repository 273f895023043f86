"""More than 4 GiB under a header whose lengths have four bytes: sparse files, hardly read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from separation.audio.decoding.open_reader import open_reader
from separation.audio.decoding.oversized import OVERSIZED
from separation.audio.decoding.sniff import sniff
from separation.audio.decoding.truncation import CUT
from separation.audio.decoding.unfinished import UNFINISHED, corrected
from separation.errors import UnsupportedFormat
from tests.zoo.making import Sound, by_libsndfile, song

ROUND = 2**32
BEGINNING = song(4096)
TEXT = b"LIST" + (16).to_bytes(4, "little") + b"INFOISFT" + (4).to_bytes(4, "little") + b"abcd"


def _large(
    path: Path,
    frames: int,
    stated: int,
    *,
    kind: str = "WAV",
    subtype: str = "PCM_16",
    behind: bytes = b"",
) -> Path:
    """``frames`` of stereo behind a header that states ``stated`` bytes of them: the first frames
    are a song, the last one is at its peak, between them is a hole."""
    by_libsndfile(path, BEGINNING, 44_100, kind=kind, subtype=subtype)
    content = path.read_bytes()
    begin = content.index(b"SSND" if kind == "AIFF" else b"data") + 8 if kind != "AU" else 24
    order: Literal["big", "little"] = "big" if kind in ("AIFF", "AU") else "little"
    sound_bytes = frames * 2 * {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}.get(subtype, 1)
    end = begin + sound_bytes
    with path.open("r+b") as file:
        file.seek(8 if kind == "AU" else begin - 4)
        file.write((stated % ROUND).to_bytes(4, order))
        if kind != "AU":
            file.seek(4)
            file.write(((end + len(behind) - 8) % ROUND if stated else 0).to_bytes(4, order))
        file.seek(end - 4)
        file.write(b"\x7f\xff\x7f\xff" if order == "big" else b"\xff\x7f\xff\x7f")
        file.write(behind)
    return path


def _ends(path: Path) -> tuple[Sound, Sound, list[str], int]:
    """The first frames that are read, the last one, what the person is told, and the length."""
    with open_reader(path, sniff(path)) as reader:
        frames = reader.header_frames
        assert frames is not None
        first = next(reader.blocks())
        reader._file.seek(frames - 1)  # type: ignore[attr-defined]
        last = reader._file.read(2, dtype="float32", always_2d=True).T  # type: ignore[attr-defined]
        return first, last, reader.warnings, frames


FRAMES = ROUND // 4 + 1000
SOUND_BYTES = 4 * FRAMES


@pytest.fixture(autouse=True)
def costs_nothing(tmp_path: Path) -> Iterator[None]:
    yield
    for path in tmp_path.iterdir():
        assert path.stat().st_blocks * 512 < 1_000_000


@pytest.mark.parametrize(
    "stated",
    [0, ROUND - 1, SOUND_BYTES % ROUND, 0x7FFFF000],
    ids=["0", "the largest", "begun again from 0", "2 GiB, as sox writes into a pipe"],
)
@pytest.mark.parametrize("rounds", [1, 3])
def test_a_wav_above_4_gib_is_read_to_its_end(tmp_path: Path, stated: int, rounds: int) -> None:
    frames = FRAMES + (rounds - 1) * ROUND // 4
    first, last, warnings, length = _ends(_large(tmp_path / "a.wav", frames, stated))

    assert length == frames
    assert np.allclose(first[:, :4096], BEGINNING, atol=2**-15)
    assert last.shape == (2, 1) and last.min() > 0.99
    assert warnings == [OVERSIZED]


def test_text_behind_the_sound_is_not_taken_for_sound(tmp_path: Path) -> None:
    source = _large(tmp_path / "a.wav", FRAMES, SOUND_BYTES, behind=TEXT)

    assert _ends(source)[3] == FRAMES


def test_a_header_that_is_right_is_believed_however_much_follows(tmp_path: Path) -> None:
    source = _large(tmp_path / "a.wav", 10_000, 40_000)
    large = b"JUNK" + (ROUND - 2).to_bytes(4, "little")
    with source.open("ab") as file:
        file.write(large)
        file.truncate(file.tell() + ROUND - 2)

    assert corrected(source, "wav").raw is None
    assert _ends(source)[3] == 10_000


@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT", "ULAW", "PCM_U8"])
def test_whatever_plain_samples_it_holds(tmp_path: Path, subtype: str) -> None:
    size = {"PCM_24": 3, "FLOAT": 4}.get(subtype, 1)
    frames = ROUND // size // 2 + 1000

    first, _, _, length = _ends(_large(tmp_path / "a.wav", frames, 0, subtype=subtype))

    assert length == frames
    assert np.allclose(first[:, :4096], BEGINNING, atol=0.05)


def test_samples_that_need_their_header_are_refused_in_words(tmp_path: Path) -> None:
    source = _large(tmp_path / "a.wav", ROUND // 2 + 1000, 0, subtype="MS_ADPCM")

    with pytest.raises(UnsupportedFormat, match=r"plain samples only.*RF64"):
        open_reader(source, sniff(source))


@pytest.mark.parametrize("stated", [0, SOUND_BYTES % ROUND, ROUND - 1])
def test_an_aiff_above_4_gib_is_refused_in_words(tmp_path: Path, stated: int) -> None:
    source = _large(tmp_path / "a.aiff", FRAMES, stated, kind="AIFF")

    with pytest.raises(UnsupportedFormat, match=r"4 GiB.*FLAC"):
        open_reader(source, sniff(source))


@pytest.mark.parametrize(
    ("stated", "told"),
    [(0, [UNFINISHED]), (SOUND_BYTES % ROUND, [OVERSIZED]), (ROUND - 1, [])],
)
def test_an_au_above_4_gib_is_read_to_its_end(tmp_path: Path, stated: int, told: list[str]) -> None:
    source = _large(tmp_path / "a.au", FRAMES, stated, kind="AU")

    _, last, warnings, length = _ends(source)

    assert (length, warnings) == (FRAMES, told)
    assert last.min() > 0.99 and CUT not in warnings
