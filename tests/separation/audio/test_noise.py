"""Steady noise goes down by what was asked for, and nothing else does."""

from collections.abc import Callable

import numpy as np
import pytest

from separation.audio.blocks import FloatArray
from separation.audio.noise import FULL_DB, SHORTEST_FRAMES, reduce_noise
from separation.errors import Cancelled

RATE_HZ = 44_100
SECONDS = 4


class Sound:
    """A source and a sink."""

    def __init__(self, samples: FloatArray) -> None:
        self.samples, self.frames = samples, samples.shape[1]
        self.blocks: list[FloatArray] = []
        self.longest_read = 0

    def read(self, start: int, count: int) -> FloatArray:
        self.longest_read = max(self.longest_read, count)
        out = np.zeros((2, count), dtype=np.float32)
        first, last = max(start, 0), min(start + count, self.frames)
        if last > first:
            out[:, first - start : last - start] = self.samples[:, first:last]
        return out

    def write(self, block: FloatArray) -> None:
        self.blocks.append(block)

    @property
    def written(self) -> FloatArray:
        return np.concatenate(self.blocks, axis=1)


def reduced(samples: FloatArray, strength: float) -> FloatArray:
    sound = Sound(samples)
    reduce_noise(sound, sound, strength=strength, channels=2)
    return sound.written


def hiss(level: float = 0.01, seconds: float = SECONDS) -> FloatArray:
    random = np.random.default_rng(5)
    return random.normal(0, level, (2, round(seconds * RATE_HZ))).astype(np.float32)


def tone(hz: float = 1000.0, level: float = 0.2) -> FloatArray:
    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    return np.stack([level * np.sin(2 * np.pi * hz * time)] * 2).astype(np.float32)


def levels_db(samples: FloatArray, hz: float = 1000.0) -> tuple[float, float]:
    """Of the tone, and of all that lies farther from it than 200 Hz."""
    inner = samples[0, RATE_HZ : (SECONDS - 1) * RATE_HZ]
    power = np.abs(np.fft.rfft(inner * np.hanning(len(inner)))) ** 2
    distance = np.abs(np.fft.rfftfreq(len(inner), 1 / RATE_HZ) - hz)
    return tuple(
        10 * float(np.log10(power[where].sum())) for where in (distance < 20, distance > 200)
    )  # type: ignore[return-value]


@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
def test_white_noise_under_a_held_tone_goes_down_as_far_as_asked(strength: float) -> None:
    before = levels_db(tone() + hiss())
    after = levels_db(reduced(tone() + hiss(), strength))
    assert before[1] - after[1] == pytest.approx(FULL_DB * strength, abs=1.0)
    assert abs(before[0] - after[0]) < 0.5


def test_strength_0_changes_no_bit() -> None:
    samples = tone() + hiss()
    assert np.array_equal(reduced(samples, 0.0), samples)


def test_notes_with_rests_between_them_are_left_alone() -> None:
    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    notes = (tone(440.0) * (np.sin(2 * np.pi * 2 * time) > 0)).astype(np.float32)
    difference = reduced(notes, 1.0) - notes
    inner = slice(RATE_HZ, (SECONDS - 1) * RATE_HZ)
    assert np.sum(difference[:, inner] ** 2) < 0.01 * np.sum(notes[:, inner] ** 2)


def test_noise_that_grows_is_followed() -> None:
    louder = hiss(seconds=8.0)
    louder[:, 4 * RATE_HZ :] *= 3
    after = reduced(louder, 1.0)
    for part in (slice(RATE_HZ, 2 * RATE_HZ), slice(6 * RATE_HZ, 7 * RATE_HZ)):
        change = np.sum(after[:, part] ** 2) / np.sum(louder[:, part] ** 2)
        assert 10 * np.log10(change) < -20


def click(samples: FloatArray) -> None:
    samples[:, 50_000] = 1.0


def offset(samples: FloatArray) -> None:
    samples[:] = 0.5


def nothing(samples: FloatArray) -> None:
    pass


@pytest.mark.parametrize("put", [nothing, click, offset], ids=lambda put: put.__name__)
@pytest.mark.parametrize("frames", [1, 2_047, SHORTEST_FRAMES, 3 * RATE_HZ + 1])
def test_whatever_comes_the_result_is_finite_and_as_long(
    put: Callable[[FloatArray], None], frames: int
) -> None:
    samples = np.zeros((2, max(frames, 50_001)), dtype=np.float32)
    put(samples)
    samples = samples[:, -frames:]
    after = reduced(samples, 1.0)
    assert after.shape == samples.shape
    assert np.isfinite(after).all()
    assert np.max(np.abs(after)) <= np.max(np.abs(samples)) + 1e-4


def test_a_click_out_of_silence_is_kept() -> None:
    samples = np.zeros((2, 3 * RATE_HZ), dtype=np.float32)
    click(samples)
    assert reduced(samples, 1.0)[0, 50_000] > 0.9


def test_a_sound_too_short_to_tell_noise_from_it_is_kept() -> None:
    samples = hiss(seconds=1.0)
    assert np.array_equal(reduced(samples, 1.0), samples)


def test_the_same_sound_gives_the_same_bits_and_long_ones_are_read_in_blocks() -> None:
    sound = Sound(tone() + hiss())
    reduce_noise(sound, sound, strength=0.8, channels=2)
    assert np.array_equal(sound.written, reduced(sound.samples, 0.8))
    assert sound.longest_read < RATE_HZ // 2


def test_the_stereo_picture_stays() -> None:
    samples = tone() + hiss()
    samples[1] *= 0.25
    after = reduced(samples, 1.0)
    assert np.allclose(after[1, RATE_HZ:], 0.25 * after[0, RATE_HZ:], atol=0.01)


def test_it_can_be_cancelled() -> None:
    def stop(fraction: float, message: str = "") -> None:
        raise Cancelled("stop")

    sound = Sound(hiss())
    with pytest.raises(Cancelled):
        reduce_noise(sound, sound, strength=0.5, channels=2, report=stop)
