"""Synthesised sound for the tests of intake and output; always the same for the same arguments."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from separation.audio.decoding.decode_child import ChildTask, run_task
from separation.audio.decoding.sniff import sniff
from separation.settings import IntakeLimits

LIMITS = IntakeLimits(min_free_bytes=1, decode_wall_s=20.0)


def tones(frames: int, rate_hz: int = 44_100, channels: int = 2) -> NDArray[np.float32]:
    """A chord with a little noise, another one in each channel; (channels, frames), peak < 0.9."""
    rng = np.random.default_rng(7)
    time_s = np.arange(frames) / rate_hz
    pitches_hz = 220.0 * 1.25 ** np.arange(channels)
    clean = 0.5 * np.sin(2 * np.pi * pitches_hz[:, None] * time_s)
    return (clean + 0.02 * rng.standard_normal((channels, frames))).astype(np.float32)


def save(
    path: Path, sound: NDArray[np.float32], rate_hz: int = 44_100, *, kind: str, subtype: str
) -> Path:
    """Write through libsndfile in blocks that its OGG encoder survives."""
    with soundfile.SoundFile(
        path, "w", samplerate=rate_hz, channels=sound.shape[0], format=kind, subtype=subtype
    ) as file:
        for start in range(0, sound.shape[1], 65_536):
            file.write(np.ascontiguousarray(sound[:, start : start + 65_536].T))
    return path


def save_wav(path: Path, sound: NDArray[np.float32], rate_hz: int = 44_100) -> Path:
    return save(path, sound, rate_hz, kind="WAV", subtype="PCM_16")


def save_by_ffmpeg(
    path: Path, sound: NDArray[np.float32], rate_hz: int, *, kind: str, codec: str
) -> Path:
    """Write stereo through FFmpeg in the container ``kind``."""
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
        frame.sample_rate = rate_hz
        frame.pts = 0
        for piece in (frame, None):
            for packet in stream.encode(piece):
                container.mux(packet)
    return path


def read(path: Path) -> NDArray[np.float32]:
    """A whole file as (channels, frames)."""
    data, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(data.T)


def decode_here(source: Path, target: Path) -> dict[str, Any]:
    """As the child does it, without the time that starting one takes."""
    sniffed = sniff(source)
    return run_task(
        ChildTask(
            source=str(source),
            target=str(target),
            container=sniffed.container,
            reader=sniffed.reader,
            count_until=None,
            max_duration_s=None,
            max_channels=LIMITS.max_channels,
            min_sample_rate_hz=LIMITS.min_sample_rate_hz,
            max_sample_rate_hz=LIMITS.max_sample_rate_hz,
            max_decode_ratio=LIMITS.max_decode_ratio,
            max_output_bytes=10_000_000,
            memory_bytes=LIMITS.decode_memory_bytes,
            cpu_s=LIMITS.decode_wall_s,
        )
    )
