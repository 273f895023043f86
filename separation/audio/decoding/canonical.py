"""Sound of any form, which may change half-way, to two channels at 44.1 kHz."""

import math
from fractions import Fraction

import numpy as np

from separation.audio.blocks import FloatArray
from separation.audio.decoding.readers import SoundForm
from separation.audio.downmix import Downmix
from separation.audio.resample import Resampler
from separation.base import CHANNELS, SAMPLE_RATE_HZ


class ToCanonical:
    """Feed blocks with their form; what is written and finished has exactly the wanted length.

    Each stretch of one form is resampled by itself: between two of them is a new beginning, as the
    file has it.
    """

    def __init__(self) -> None:
        self._form: SoundForm | None = None
        self._seconds = Fraction(0)
        self._frames_out = 0
        self._downmix = Downmix(CHANNELS, None)
        self._resampler = Resampler(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ, CHANNELS)

    def write(self, form: SoundForm, block: FloatArray) -> list[FloatArray]:
        """What is ready after (channels, n) frames of ``form``: blocks of (2, m)."""
        ready = []
        if form != self._form:
            ready.append(self._end_stretch())
            self._begin_stretch(form)
        self._seconds += Fraction(block.shape[1], form.rate_hz)
        ready.append(self._counted(self._resampler.write(self._downmix.apply(block))))
        return ready

    def finish(self, total_frames: int) -> list[FloatArray]:
        """The rest of ``total_frames``: a frame or so of zeros where the form has changed."""
        tail = self._end_stretch()
        missing = max(total_frames - self._frames_out, 0)
        return [tail, np.zeros((CHANNELS, missing), dtype=np.float32)]

    def _begin_stretch(self, form: SoundForm) -> None:
        self._form = form
        self._downmix = Downmix(form.channels, form.layout)
        self._resampler = Resampler(form.rate_hz, SAMPLE_RATE_HZ, self._downmix.channels_out)

    def _end_stretch(self) -> FloatArray:
        """Cut where rounding up each stretch would let the sum grow."""
        room = math.ceil(self._seconds * SAMPLE_RATE_HZ) - self._frames_out
        return self._counted(self._resampler.finish()[:, :room])

    def _counted(self, block: FloatArray) -> FloatArray:
        stereo = np.repeat(block, CHANNELS, axis=0) if block.shape[0] == 1 else block
        self._frames_out += stereo.shape[1]
        return stereo
