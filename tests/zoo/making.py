"""Writing sound in every container and codec that an encoder is at hand for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.separation.audio.sounds import tones

Sound = NDArray[np.float32]


def by_ffmpeg(
    path: Path,
    sound: Sound,
    rate_hz: int,
    *,
    kind: str,
    codec: str,
    sample_format: str | None = None,
    layout: str | None = None,
    kbps: int | None = None,
    options: Mapping[str, str] | None = None,
) -> None:
    """Write (channels, frames) through FFmpeg's muxer ``kind``; ``options`` go to the muxer."""
    layout = layout or ("mono" if len(sound) == 1 else "stereo")
    with av.open(str(path), "w", format=kind, options=dict(options or {})) as container:
        stream: Any = container.add_stream(codec, rate=rate_hz, layout=layout)
        stream.options = {"strict": "-2"}
        offered = [form.name for form in stream.codec_context.codec.audio_formats]
        stream.codec_context.format = sample_format or offered[0]
        if kbps:
            stream.bit_rate = kbps * 1000
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate_hz, 0
        resampler = av.AudioResampler(
            format=stream.codec_context.format.name, layout=layout, rate=rate_hz
        )
        for piece in (*resampler.resample(frame), None):
            for packet in stream.encode(piece):
                container.mux(packet)


def by_libsndfile(
    path: Path, sound: Sound, rate_hz: int, *, kind: str, subtype: str, **choices: Any
) -> None:
    """Write (channels, frames) in blocks that the OGG encoder survives."""
    with soundfile.SoundFile(
        path, "w", rate_hz, len(sound), format=kind, subtype=subtype, **choices
    ) as file:
        for start in range(0, sound.shape[1], 65_536):
            file.write(np.ascontiguousarray(sound[:, start : start + 65_536].T))


def as_integers(sound: Sound, bits: int) -> NDArray[np.int64]:
    return np.rint(sound.astype(np.float64) * 2 ** (bits - 1)).astype(np.int64)


def song(frames: int, rate_hz: int = 44_100, channels: int = 2) -> Sound:
    """A chord, another pitch in each channel, softer the more of them: a mix of all fits."""
    return tones(frames, rate_hz, channels) / np.float32(max(channels / 2, 1))
