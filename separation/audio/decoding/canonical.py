"""Conversion of sound of any form, which may change half-way, to two channels at 44.1 kHz."""

import math
from fractions import Fraction

import numpy as np

from separation.audio.blocks import FloatArray
from separation.audio.decoding.readers import SoundForm
from separation.audio.downmix import Downmix
from separation.audio.resample import Resampler
from separation.base import CHANNELS, SAMPLE_RATE_HZ


class ToCanonical:
    """Converts blocks with their form. The results of :meth:`write` and :meth:`finish` together
    have exactly the required length.

    Each section of one form is resampled separately: the file, too, starts anew between two forms.
    """

    def __init__(self) -> None:
        self._form: SoundForm | None = None
        self._seconds = Fraction(0)
        self._frames_out = 0
        self._downmix = Downmix(CHANNELS, None)
        self._resampler = Resampler(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ, CHANNELS)

    def write(self, form: SoundForm, block: FloatArray) -> list[FloatArray]:
        """Return the blocks of (2, m) that are ready after (channels, n) frames of ``form``."""
        ready = []
        if form != self._form:
            ready.append(self._end_section())
            self._begin_section(form)
        self._seconds += Fraction(block.shape[1], form.rate_hz)
        ready.append(self._counted(self._resampler.write(self._downmix.apply(block))))
        return ready

    def finish(self, total_frames: int) -> list[FloatArray]:
        """Return the remaining blocks up to ``total_frames``; where the form changed, they end with
        about one frame of zeros."""
        tail = self._end_section()
        missing = max(total_frames - self._frames_out, 0)
        return [tail, np.zeros((CHANNELS, missing), dtype=np.float32)]

    def _begin_section(self, form: SoundForm) -> None:
        self._form = form
        self._downmix = Downmix(form.channels, form.layout)
        self._resampler = Resampler(form.rate_hz, SAMPLE_RATE_HZ, self._downmix.channels_out)

    def _end_section(self) -> FloatArray:
        """Return the last frames of a section, cut so that rounding up each section does not let
        the sum grow."""
        room = math.ceil(self._seconds * SAMPLE_RATE_HZ) - self._frames_out
        return self._counted(self._resampler.finish()[:, :room])

    def _counted(self, block: FloatArray) -> FloatArray:
        stereo = np.repeat(block, CHANNELS, axis=0) if block.shape[0] == 1 else block
        self._frames_out += stereo.shape[1]
        return stereo
