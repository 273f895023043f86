"""Readers of headers and any bytes at all: an answer or a named refusal, and nothing else."""

import struct
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from separation.audio.decoding.external_references import refuse_remote_references
from separation.audio.decoding.file_span import Span
from separation.audio.decoding.flac_length import LengthlessFlac
from separation.audio.decoding.flac_parts import flac_parts
from separation.audio.decoding.mpeg_frames import find_frames, id3_bytes, mpeg_frame_bytes
from separation.audio.decoding.mpeg_survey import survey_mpeg
from separation.audio.decoding.ogg_links import ogg_links
from separation.audio.decoding.sniff import Container, sniff
from separation.audio.decoding.truncation import CUT, NO_END, cut_warning
from separation.audio.decoding.wave_layout import wave_layout
from separation.errors import EmptyAudio, UnsupportedFormat
from tests.zoo.seeds import small_file

SEEDS = ("WAV-pcm_16", "RF64-pcm_24", "W64-pcm_16", "AIFF-pcm_16", "CAF-pcm_24", "AU-pcm_16",
         "flac", "mp3-variable", "ogg", "opus", "m4a", "webm-opus", "wavpack-16", "ac3", "eac3",
         "wma-2", "avi-mp3", "adts", "amr")  # fmt: skip
NUMBERS = [0, 1, 2, 7, 8, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]

numbers = st.builds(
    lambda value, size, order: (value % 2 ** (8 * size)).to_bytes(size, order),
    st.one_of(st.sampled_from(NUMBERS), st.integers(0, 2**64 - 1)),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from(["big", "little"]),
)
places = st.one_of(st.integers(0, 80), st.integers(0, 40_000))
changes = st.lists(st.tuples(st.sampled_from("=+-"), places, numbers), min_size=1, max_size=5)


def changed(content: bytes, steps: list[tuple[str, int, bytes]]) -> bytes:
    """Numbers written over what was there, put between, or as much taken away."""
    out = bytearray(content)
    for how, at, new in steps:
        at = min(at, len(out))
        out[at : at + (0 if how == "+" else len(new))] = b"" if how == "-" else new
    return bytes(out)


files = st.one_of(
    st.builds(changed, st.sampled_from(SEEDS).map(small_file), changes),
    st.builds(lambda name, size: small_file(name)[:size], st.sampled_from(SEEDS), places),
    st.binary(max_size=300),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headers") / "file"


@given(files)
def test_every_file_is_recognised_or_refused_in_words(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        found = sniff(path)
    except (EmptyAudio, UnsupportedFormat) as refusal:
        assert refusal.detail.endswith(".") and refusal.detail.isprintable()
    else:
        assert found.container in get_args(Container)


@given(files, st.sampled_from(get_args(Container)))
def test_no_file_disturbs_those_who_look_at_its_header(
    path: Path, content: bytes, container: Container
) -> None:
    path.write_bytes(content)

    assert cut_warning(path, container) in (None, CUT, NO_END)
    for parts in (flac_parts(path), ogg_links(path), _mpeg_spans(path)):
        assert all(span.end is None or span.start <= span.end for span in parts)
        assert [span.start for span in parts[1:]] == [span.end for span in parts[:-1]]
    layout = wave_layout(path)
    assert layout is None or len(set(layout)) == len(layout) > 0
    try:
        refuse_remote_references(path)
    except UnsupportedFormat as refusal:
        assert "points to another file" in refusal.detail


def _mpeg_spans(path: Path) -> list[Span]:
    survey = survey_mpeg(path)
    return [part.span for part in survey.parts] if survey else []


@given(files, st.lists(st.integers(1, 50), max_size=30))
def test_a_flac_file_without_its_length_is_otherwise_the_same_read_however(
    path: Path, content: bytes, sizes: list[int]
) -> None:
    path.write_bytes(content)
    with LengthlessFlac(path) as file:
        read = b"".join([*(file.read(size) for size in sizes), file.readall()])

    start = id3_bytes(content[:10])
    expected = bytearray(content)
    if content[start : start + 4] == b"fLaC" and len(content) >= start + 26:
        expected[start + 21] &= 0xF0
        expected[start + 22 : start + 26] = bytes(4)
    assert read == expected


@given(st.integers(0, 2**28 - 1), st.booleans())
def test_the_length_of_a_tag_is_read_as_it_is_written(size: int, has_footer: bool) -> None:
    coded = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    head = b"ID3\x04\0" + bytes([0x10 if has_footer else 0]) + coded

    assert id3_bytes(head) == 10 + size + (10 if has_footer else 0)


@given(st.binary(min_size=4, max_size=4))
def test_a_frame_is_longer_than_its_header_or_none(header: bytes) -> None:
    length = mpeg_frame_bytes(header)

    assert length == 0 or (header[0] == 0xFF and 24 <= length <= 2881)


def test_every_header_of_a_frame_is_found_where_frames_follow_each_other() -> None:
    headers = (bytes((0xFF, kind, sizes, 0)) for kind in range(256) for sizes in range(256))
    for header in headers:
        length = mpeg_frame_bytes(header)
        row = (header + bytes(length - 4)) * 4 if length else header * 4
        assert find_frames(b"\0" + row) == (1 if length else None)


@given(st.sampled_from(SEEDS), st.integers(0, 3000))
def test_a_tag_before_a_song_does_not_hide_what_it_is(path: Path, name: str, size: int) -> None:
    path.write_bytes(small_file(name))
    plain = sniff(path)
    coded = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x04\0\0" + coded + bytes(size) + small_file(name))

    assert sniff(path) == plain


@given(st.integers(0, 2**18 - 1))
def test_the_places_of_channels_are_those_that_the_mask_names(path: Path, mask: int) -> None:
    channels = mask.bit_count()
    body = struct.pack("<HHIIHHHHI", 0xFFFE, channels, 48_000, 0, 0, 16, 22, 16, mask) + bytes(16)
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + b"fmt " + struct.pack("<I", len(body)) + body)

    layout = wave_layout(path)

    assert (len(layout) if layout else 0) == channels
    assert not layout or ("FL" in layout) == bool(mask & 1)
