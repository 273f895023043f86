"""The spectrogram that mask networks see."""

import numpy as np
import scipy.signal

from separation.engine.spectrogram.layout import BINS, HOP, LEAD, WINDOW
from separation.engine.spectrogram.transform import Resynthesis, spectra_of
from tests.separation.engine.spectrogram.engines import noise


def test_spectra_are_those_of_a_periodic_hann_window() -> None:
    samples = noise((7 + LEAD - 1) * HOP)
    spectra = spectra_of(samples)
    assert spectra.shape == (2, 7, BINS)
    assert spectra.dtype == np.complex64
    hann = scipy.signal.get_window("hann", WINDOW, fftbins=True)
    third = np.fft.rfft(samples[1, 3 * HOP : 3 * HOP + WINDOW] * hann)
    np.testing.assert_allclose(spectra[1, 3], third, atol=1e-4)


def test_a_sine_at_full_scale_has_half_the_window_s_sum() -> None:
    sine = np.sin(2 * np.pi * 100 / WINDOW * np.arange(LEAD * HOP)).astype(np.float32)
    magnitude = np.abs(spectra_of(sine[None]))[0, 0]
    assert magnitude.argmax() == 100
    np.testing.assert_allclose(magnitude.max(), WINDOW / 4, rtol=1e-4)


def test_pieces_of_any_length_become_the_signal_again() -> None:
    samples = noise(40 * HOP)
    spectra = spectra_of(samples)
    back = Resynthesis(2)
    pieces = [back.add(spectra[:, a:b]) for a, b in ((0, 1), (1, 2), (2, 20), (20, 37))]
    signal = np.concatenate(pieces, axis=-1)
    inner = slice((LEAD - 1) * HOP, 37 * HOP)
    np.testing.assert_allclose(signal[:, inner], samples[:, inner], atol=1e-6)


def test_silence_lets_what_came_before_ring_out() -> None:
    spectra = spectra_of(noise(12 * HOP))
    told, silent = Resynthesis(2), Resynthesis(2)
    for signal in (told, silent):
        signal.add(spectra)
    zeros = np.zeros((2, 5, BINS), dtype=np.complex64)
    rest = told.add(zeros)
    np.testing.assert_array_equal(silent.add_silence(5), rest)
    assert rest.any()
