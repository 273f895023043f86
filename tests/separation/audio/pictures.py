"""Small pictures as real encoders make them, for covers."""

from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame

from separation.audio.metadata.covers import clean_cover


def picture(codec: str = "mjpeg", *, width: int = 48, height: int = 32) -> bytes:
    """A few coloured patches; ``mjpeg`` makes a JPEG, ``png`` a PNG."""
    patches = np.random.default_rng(3).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    image = VideoFrame.from_ndarray(patches.repeat(8, axis=0).repeat(8, axis=1), format="rgb24")
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuvj444p" if codec == "mjpeg" else "rgb24"
    encoder.time_base = Fraction(1, 25)
    image.pts = 0
    packets = [*encoder.encode(image.reformat(format=encoder.pix_fmt)), *encoder.encode(None)]
    return b"".join(map(bytes, packets))


def cover(codec: str = "mjpeg") -> bytes:
    """The same as it is after cleaning: without the name of its encoder, for instance."""
    clean = clean_cover(picture(codec))
    assert clean is not None
    return clean.data


def shown(data: bytes, codec: str = "mjpeg") -> bytes:
    """The decoded pixels."""
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    return frames[0].to_ndarray(format="rgb24").tobytes()
