"""What is left of a cover: the picture, and nothing that somebody put beside it."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from separation.audio.metadata.covers import MAX_COVER_BYTES, MAX_COVER_SIDE_PX, clean_cover
from tests.separation.audio.pictures import picture, shown

JPEG, PNG = picture("mjpeg"), picture("png")
PICTURES = {"mjpeg": JPEG, "png": PNG}
SECRET = b"48.8584 N 2.2945 E <script>"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_secrets(codec: str) -> bytes:
    if codec == "png":
        at = PNG.index(b"IDAT") - 4
        return PNG[:at] + chunk(b"tEXt", SECRET) + chunk(b"eXIf", SECRET) + PNG[at:] + SECRET
    exif = segment(0xE1, b"Exif\0\0" + SECRET) + segment(0xFE, SECRET)
    return JPEG[:2] + b"\xff" + exif + JPEG[2:] + SECRET + JPEG


@pytest.mark.parametrize("codec", PICTURES)
def test_the_picture_stays_and_all_that_was_put_beside_it_goes(codec: str) -> None:
    cover = clean_cover(with_secrets(codec))

    assert cover is not None
    assert SECRET not in cover.data
    assert shown(cover.data, codec) == shown(PICTURES[codec], codec)
    assert cover.mime == {"mjpeg": "image/jpeg", "png": "image/png"}[codec]


@pytest.mark.parametrize("codec", PICTURES)
def test_a_picture_that_is_cut_off_is_left_out(codec: str) -> None:
    whole = PICTURES[codec]

    assert all(clean_cover(whole[:size]) is None for size in range(len(whole)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload=...>",
        b"GIF89a" + bytes(50),
        JPEG + bytes(MAX_COVER_BYTES),
        PNG[:16] + struct.pack(">I", MAX_COVER_SIDE_PX + 1) + PNG[20:],
        PNG[:8] + chunk(b"IHDR", struct.pack(">II5B", MAX_COVER_SIDE_PX + 1, 1, 8, 2, 0, 0, 0))
        + PNG[33:],
        PNG[:8] + chunk(b"IHDR", struct.pack(">II5B", 0, 1, 8, 2, 0, 0, 0)) + PNG[33:],
        JPEG[: JPEG.index(b"\xff\xc0") + 5] + b"\xff\xff\xff\xff"
        + JPEG[JPEG.index(b"\xff\xc0") + 9 :],
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff" * 100_000,
        b"\xff\xd8" + segment(0xFE, b"") * 30_000,
    ],
)  # fmt: skip
def test_what_is_no_picture_or_claims_to_be_huge_is_left_out(data: bytes) -> None:
    assert clean_cover(data) is None


@given(
    st.sampled_from([JPEG, PNG, with_secrets("png"), with_secrets("mjpeg")]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=12)), max_size=4),
)
def test_a_changed_picture_is_cleaned_once_for_all_or_left_out(
    whole: bytes, changes: list[tuple[int, bytes]]
) -> None:
    content = bytearray(whole)
    for at, new in changes:
        content[at : at + len(new)] = new

    cover = clean_cover(bytes(content))

    assert cover is None or clean_cover(cover.data) == cover
    assert cover is None or len(cover.data) <= len(content)
