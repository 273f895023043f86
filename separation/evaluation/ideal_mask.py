"""The ideal ratio mask: the best that a mask of the mixture could reach, with known stems.

Each bin of the mixture is divided among the stems by their share of its power, in each channel:
|S_j|^2 / sum |S_k|^2 (exponent 2), as in the oracles of the SiSEC campaigns ("IRM2" of Stoeter,
Liutkus and Ito, "The 2018 Signal Separation Evaluation Campaign", LVA/ICA 2018), but over an STFT
of 4096 samples with a hop of 1024 and the root of a Hann window twice, which gives a higher SDR
than their 2048. The rest of the mixture beside the stems is one more source.
"""

import numpy as np
from numpy.typing import NDArray

from separation.separators.spectral.transform import HOP, WINDOW, resynthesis, spectrogram

EXPONENT = 2
_LEAST = 1e-20
"""The least power to divide by; it keeps the shares of silence finite and is inaudible."""


def grid_before(start: int) -> int:
    """The frame at which reading must begin so that the samples from ``start`` are correct; may be
    negative."""
    return (start - WINDOW) // HOP * HOP


def frames_needed(start: int, count: int) -> int:
    """The number of frames to read from :func:`grid_before`."""
    return start - grid_before(start) + count + WINDOW


def ideal_estimates(
    mixture: NDArray[np.float64], truth: NDArray[np.float64], start: int, count: int
) -> NDArray[np.float64]:
    """The estimates (stems, channels, count) of the song from frame ``start``.

    ``mixture`` (channels, n) and ``truth`` (stems, channels, n) begin at :func:`grid_before` and
    are zero outside the song.
    """
    spectra = spectrogram(mixture.astype(np.float32))
    rest = mixture - truth.sum(axis=0)
    power = np.stack([_power(sound) for sound in (*truth, rest)])
    shares = power[:-1] / np.maximum(power.sum(axis=0), _LEAST)
    first = start - grid_before(start)
    return np.stack(
        [resynthesis(spectra * share)[:, first : first + count] for share in shares]
    ).astype(np.float64)


def _power(sound: NDArray[np.float64]) -> NDArray[np.float32]:
    spectra = spectrogram(sound.astype(np.float32))
    return np.asarray(np.abs(spectra) ** EXPONENT)
