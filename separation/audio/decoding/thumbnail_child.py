"""The thumbnail child: a separate process that decodes one hostile picture, reduces it and ends.

Only :mod:`separation.audio.decoding.thumbnail` runs it. It writes the same messages as
:mod:`separation.audio.decoding.decode_child`.
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

from separation.audio.decoding.decode_child import send_message
from separation.errors import CorruptAudio
from separation.sandbox.confine import confine
from separation.system.processes import OWN_STATUS

_MAX_BYTES = 2**20
_QUALITY = "4"
"""Value of FFmpeg's quantiser, 2 (best) to 31: at this size no difference to 2 is visible."""


def main(text: str) -> None:
    """Do the task in ``text`` (JSON); the result is the last line on standard output."""
    task = json.loads(text)
    source, target = Path(task["source"]), Path(task["target"])
    send_message({"ready": True})
    confine(
        memory_bytes=task["memory_bytes"],
        cpu_s=task["cpu_s"],
        file_bytes=_MAX_BYTES,
        readable=[task["source"], OWN_STATUS],
        writable=[str(target.parent)],
    )
    try:
        target.write_bytes(smaller(source.read_bytes(), task["codec"], task["side_px"]))
        send_message({"done": {}})
    except Exception as error:
        send_message(
            {"error": CorruptAudio.code, "detail": f"{type(error).__name__}: {error}"[:200]}
        )
    # Libraries that hostile input has confused may hang or crash at exit.
    os._exit(0)


def smaller(data: bytes, codec: str, side_px: int) -> bytes:
    """Return the middle square of a picture as a JPEG of at most ``side_px`` a side."""
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
    # The sandbox forbids further threads.
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
