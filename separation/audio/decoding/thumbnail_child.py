"""The side that unpacks hostile pictures: a process of its own that makes one small one and ends.

Run by :mod:`separation.audio.decoding.thumbnail` only; talks as
:mod:`separation.audio.decoding.decode_child` does.
"""

import json
import os
from fractions import Fraction
from pathlib import Path

import av
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from separation.audio.decoding.decode_child import say
from separation.errors import CorruptAudio
from separation.sandbox.confine import confine
from separation.system.processes import OWN_STATUS

_MAX_BYTES = 2**20
_QUALITY = "4"
"""Of FFmpeg's quantiser, 2 (best) to 31: no difference can be seen at this size."""


def main(text: str) -> None:
    """Make the picture that the JSON names; the outcome is the last line on standard output."""
    task = json.loads(text)
    source, target = Path(task["source"]), Path(task["target"])
    say({"ready": True})
    confine(
        memory_bytes=task["memory_bytes"],
        cpu_s=task["cpu_s"],
        file_bytes=_MAX_BYTES,
        readable=[task["source"], OWN_STATUS],
        writable=[str(target.parent)],
    )
    try:
        target.write_bytes(smaller(source.read_bytes(), task["codec"], task["side_px"]))
        say({"done": {}})
    except Exception as error:
        say({"error": CorruptAudio.code, "detail": f"{type(error).__name__}: {error}"[:200]})
    # What hostile input has confused may hang or crash as it is closed.
    os._exit(0)


def smaller(data: bytes, codec: str, side_px: int) -> bytes:
    """The middle square of a picture as a JPEG, ``side_px`` a side or as small as it is."""
    pixels = _unpacked(data, codec).to_ndarray(format="rgb24", threads=1)
    side = min(pixels.shape[:2])
    top, left = ((extent - side) // 2 for extent in pixels.shape[:2])
    square = VideoFrame.from_ndarray(
        pixels[top : top + side, left : left + side].copy(), format="rgb24"
    )
    return _packed(square, min(side, side_px))


def _unpacked(data: bytes, codec: str) -> VideoFrame:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    # More threads than this one may not be started here.
    decoder.thread_type, decoder.thread_count = ThreadType.NONE, 1
    return [*decoder.decode(av.Packet(data)), *decoder.decode(None)][0]


def _packed(square: VideoFrame, side_px: int) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width = encoder.height = side_px
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 1)
    encoder.thread_type, encoder.thread_count = ThreadType.NONE, 1
    encoder.options = {"qmin": _QUALITY, "qmax": _QUALITY}
    small = square.reformat(
        side_px, side_px, format=encoder.pix_fmt, interpolation=Interpolation.AREA, threads=1
    )
    small.pts = 0
    return b"".join(map(bytes, [*encoder.encode(small), *encoder.encode(None)]))
