"""Small pictures of covers: what is shown, and that no cover does harm."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from separation.audio.decoding import thumbnail
from separation.audio.decoding.thumbnail import SIDE_PX, make_thumbnail
from separation.audio.metadata.covers import clean_cover
from tests.separation.audio.pictures import picture


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "listen").mkdir()
    return tmp_path / "listen" / "cover.jpg"


def pixels(data: bytes, codec: str = "mjpeg") -> np.ndarray:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frame = [*decoder.decode(av.Packet(data)), *decoder.decode(None)][0]
    assert isinstance(frame, VideoFrame)
    return frame.to_ndarray(format="rgb24")


@pytest.mark.parametrize("codec", ["mjpeg", "png"])
@pytest.mark.parametrize(("width", "height", "side"), [(800, 600, SIDE_PX), (48, 32, 32)])
def test_it_is_the_middle_square_and_no_larger_than_it_was(
    codec: str, width: int, height: int, side: int, target: Path
) -> None:
    cover = picture(codec, width=width, height=height)
    assert make_thumbnail(cover, target)

    small = pixels(target.read_bytes()).astype(float)
    assert small.shape == (side, side, 3)
    large = pixels(cover, codec)
    left = (width - height) // 2
    step = height / side
    places = ((np.arange(side) + 0.5) * step).astype(int)
    expected = large[places][:, left + places].astype(float)
    assert np.corrcoef(small.ravel(), expected.ravel())[0, 1] > 0.75


def test_a_long_strip_is_cut_before_it_is_made_smaller(target: Path) -> None:
    assert make_thumbnail(picture(width=8, height=4000), target)
    assert pixels(target.read_bytes()).shape == (8, 8, 3)


def test_a_picture_that_cannot_be_unpacked_leaves_nothing(target: Path) -> None:
    whole = picture("png", width=800, height=600)
    at = whole.index(b"IDAT") + 40
    broken = whole[:at] + bytes(2000) + whole[at + 2000 :]
    assert not make_thumbnail(broken, target)
    assert not make_thumbnail(b"GIF89a", target)
    assert list(target.parent.iterdir()) == []


def test_a_decoder_that_is_killed_costs_the_picture_only(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here by want of memory, as for a picture that is larger than it looks."""
    cover = picture(width=800, height=600)
    assert clean_cover(cover) is not None
    monkeypatch.setattr(thumbnail, "MEMORY_BYTES", 2**20)
    assert not make_thumbnail(cover, target)
    assert list(target.parent.iterdir()) == []
