"""A track to which notes are added, and effects."""

import numpy as np
from scipy.signal import butter, oaconvolve, sosfilt

from separation.training.corpus import SAMPLE_RATE_HZ
from separation.training.synthesis.song import SECONDS, Random, Samples, SynthesizedSong


class SynthesizedTrack:
    """Two channels of ``SECONDS``, to which sounds are added."""

    def __init__(self) -> None:
        self.samples: Samples = np.zeros((2, int(SECONDS * SAMPLE_RATE_HZ)), dtype=np.float32)

    def add(self, sound: Samples, at_s: float, gain: float, pan: float = 0.0) -> None:
        """``pan``: from -1 (left) to 1 (right), with equal power."""
        start = int(at_s * SAMPLE_RATE_HZ)
        count = min(sound.size, self.samples.shape[1] - start)
        if count <= 0:
            return
        angle = (float(np.clip(pan, -1, 1)) + 1) * np.pi / 4
        for channel, share in enumerate((np.cos(angle), np.sin(angle))):
            self.samples[channel, start : start + count] += sound[:count] * np.float32(gain * share)


def band_pass(samples: Samples, low_hz: float, high_hz: float) -> Samples:
    sections = butter(
        2, (low_hz, max(high_hz, low_hz * 1.2)), "bandpass", fs=SAMPLE_RATE_HZ, output="sos"
    )
    filtered: Samples = sosfilt(sections, samples)
    return filtered


def driven(draw: Random, samples: Samples) -> Samples:
    drive = draw.uniform(0.5, 4.0)
    return faded(np.tanh(samples * drive))


def chorus(draw: Random, samples: Samples) -> Samples:
    """Add to each side a copy with a delay that varies."""
    time = np.arange(samples.shape[1]) / SAMPLE_RATE_HZ
    wet = samples.copy()
    for channel in range(2):
        sway = 0.5 + 0.5 * np.sin(2 * np.pi * draw.uniform(0.2, 1.2) * time + np.pi * channel)
        delay = (0.006 + 0.006 * sway) * SAMPLE_RATE_HZ
        at = np.maximum(np.arange(samples.shape[1]) - delay.astype(np.int64), 0)
        wet[channel] += samples[channel, at]
    return wet


def echo(draw: Random, samples: Samples, song: SynthesizedSong) -> Samples:
    delay = int(song.step_s * int(draw.choice([2, 3, 4, 6])) * SAMPLE_RATE_HZ)
    wet, gain = samples.copy(), 1.0
    for turn in range(1, 4):
        gain *= draw.uniform(0.3, 0.6)
        if turn * delay >= samples.shape[1]:
            break
        repeat = samples[::-1] if turn % 2 else samples
        wet[:, turn * delay :] += np.float32(gain) * repeat[:, : -turn * delay]
    return wet


def room(draw: Random, samples: Samples) -> Samples:
    """Add reverberation: a tail of decaying noise, different on both sides."""
    time = seconds_of(draw.uniform(0.2, 1.5))
    tail = np.stack([white_noise(draw, time.size) for _ in range(2)]) * np.exp(
        -6.9 * time / time[-1]
    )
    tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    wet = oaconvolve(samples, tail, axes=1)[:, : samples.shape[1]]
    mixed: Samples = samples + draw.uniform(0.1, 0.5) * wet
    return mixed


def seconds_of(seconds: float) -> Samples:
    return np.arange(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32) / SAMPLE_RATE_HZ


def white_noise(draw: Random, count: int) -> Samples:
    return draw.standard_normal(count).astype(np.float32)


def faded(samples: Samples) -> Samples:
    """Fade both ends, so that they do not click."""
    ramp = min(200, samples.size // 2)
    shaped = samples.astype(np.float32)
    if ramp:
        edge = np.linspace(0, 1, ramp, dtype=np.float32)
        shaped[:ramp] *= edge
        shaped[-ramp:] *= edge[::-1]
    return shaped
