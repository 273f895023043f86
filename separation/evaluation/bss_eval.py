"""BSS Eval v4, streamed: the figures by frame, equal to those of the library museval 0.4.1.

Stoeter, Liutkus and Ito, "The 2018 Signal Separation Evaluation Campaign" (LVA/ICA 2018), after
Vincent, Gribonval and Fevotte, "Performance measurement in blind audio source separation" (IEEE
TASLP 2006) and Vincent et al., "First stereo audio source separation evaluation campaign" (ICA
2007). An estimate is projected on the true stem behind filters of 512 taps, and on all true
stems. The filters are computed over the whole song, the energies over frames of one second.

SDR is 10 log10(|s|^2 / |s - e|^2) of each frame: the filters cancel out. ISR, SIR and SAR need the
filters: one system of equations with 512 unknowns for each channel of each true stem.
"""

from typing import NamedTuple

import numpy as np
import scipy.fft
import scipy.linalg
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW = 44_100
"""Frames are one second at 44.1 kHz and do not overlap; an incomplete frame at the end is ignored,
as in museval."""

TAPS = 512
_BLOCK_FFT = 8_192
_RIDGE = 1e-12
"""Relative to the mean energy of a true stem, so 120 dB below it."""


class FilterFigures(NamedTuple):
    """In dB by frame; NaN where the frame does not count."""

    isr: Floats
    sir: Floats
    sar: Floats


class FrameSdr:
    """SDR of frames for several estimates of the same stems."""

    def __init__(self, count: int, frames: int) -> None:
        """``count`` stems of ``frames`` samples each."""
        self._window = WINDOW if frames > WINDOW else frames
        self._remaining = frames // self._window if self._window else 0
        self._parts: list[Floats] = [np.zeros((count, 0))]

    def add(self, truth: Floats, estimate: Floats) -> None:
        """Add the next block, (stems, channels, n): whole frames, except in the last block."""
        whole = min(truth.shape[2] // self._window, self._remaining) if self._remaining else 0
        self._remaining -= whole
        if whole:
            shape = (*truth.shape[:2], whole, self._window)
            length = whole * self._window
            self._parts.append(
                _sdr(truth[:, :, :length].reshape(shape), estimate[:, :, :length].reshape(shape))
            )

    def medians(self) -> Floats:
        """In dB, one a stem; NaN where no frame counts."""
        return medians(np.concatenate(self._parts, axis=1))


def _sdr(truth: Floats, estimate: Floats) -> Floats:
    """SDR in dB, (stems, frames), from (stems, channels, frames, n)."""
    energy = np.einsum("kcfn,kcfn->kf", truth, truth)
    error = truth - estimate
    with np.errstate(divide="ignore", invalid="ignore"):
        decibels = 10 * np.log10(energy / np.einsum("kcfn,kcfn->kf", error, error))
    decibels[:, is_silent(truth) | is_silent(estimate)] = np.nan
    return np.asarray(decibels)


def is_silent(stems: Floats) -> NDArray[np.bool_]:
    """Whether any of the stems (stems, channels, ..., n) is silent, by museval's rule: the sum of
    its channels is zero throughout. Such a frame counts for no stem."""
    return np.asarray((stems.sum(axis=1) == 0).all(axis=-1).any(axis=0))


def medians(by_frame: Floats) -> Floats:
    """The median of each row of (stems, frames), without the frames that do not count."""
    rows = [row[~np.isnan(row)] for row in by_frame]
    return np.array([np.median(row) if len(row) else np.nan for row in rows])


class Correlations:
    """Correlations of the true stems with themselves and with estimates, over a whole song.

    Memory does not grow with the song: the spectra of short blocks are multiplied and summed.
    """

    def __init__(self, stems: int, estimates: int, channels: int = 2) -> None:
        """``estimates``: the number of estimated signals, each of ``channels`` channels."""
        self._truths, self._signals = stems * channels, (stems + estimates) * channels
        bins = _BLOCK_FFT // 2 + 1
        self._sums = np.zeros((bins, self._truths, self._signals), dtype=np.complex128)
        self._waiting = np.zeros((self._signals, TAPS - 1))

    _STEP = _BLOCK_FFT - 2 * (TAPS - 1)

    def add(self, truth: Floats, estimates: Floats) -> None:
        """Add the next block, (stems, channels, n) and (estimates, channels, n)."""
        length = truth.shape[2]
        block = np.concatenate([truth.reshape(-1, length), estimates.reshape(-1, length)])
        self._waiting = np.concatenate([self._waiting, block], axis=1)
        # Each step also needs the following samples up to its longest lag.
        steps = (self._waiting.shape[1] - 2 * (TAPS - 1)) // self._STEP
        if steps > 0:
            self._count(steps)

    def finish(self) -> None:
        """Count the last samples; silence follows the song."""
        remaining = self._waiting.shape[1] - (TAPS - 1)
        steps = -(-remaining // self._STEP)
        end = steps * self._STEP + 2 * (TAPS - 1) - self._waiting.shape[1]
        self._waiting = np.pad(self._waiting, ((0, 0), (0, end)))
        if steps:
            self._count(steps)

    def _count(self, steps: int) -> None:
        width = self._STEP + 2 * (TAPS - 1)
        pieces = np.lib.stride_tricks.sliding_window_view(self._waiting, width, axis=1)
        pieces = pieces[:, : steps * self._STEP : self._STEP]
        lagged = scipy.fft.rfft(pieces[: self._truths], _BLOCK_FFT)
        cores = scipy.fft.rfft(pieces[:, :, TAPS - 1 : TAPS - 1 + self._STEP], _BLOCK_FFT)
        # (bins, truths, steps) @ (bins, steps, signals)
        self._sums += lagged.transpose(2, 0, 1) @ cores.conj().transpose(2, 1, 0)
        self._waiting = self._waiting[:, steps * self._STEP :].copy()

    def by_lag(self) -> Floats:
        """(truths, signals, 2 TAPS - 1): the value at k is the sum of s[n + k - TAPS + 1] x[n]."""
        lags = scipy.fft.irfft(self._sums, _BLOCK_FFT, axis=0)[: 2 * TAPS - 1]
        return np.ascontiguousarray(lags.transpose(1, 2, 0))


class Projections:
    """The filters of a song: of every estimate on all true stems, and on its own."""

    def __init__(self, lags: Floats, stem_of: list[int | None], channels: int = 2) -> None:
        """``lags``: from :meth:`Correlations.by_lag`. ``stem_of``: the stem that each estimate is
        an estimate of; None: of every stem."""
        self._channels = channels
        self._truths = lags.shape[0]
        self.stems = self._truths // channels
        gram = _gram(lags[:, : self._truths])
        # A true stem with delay t is at lag -t.
        delayed = lags[:, self._truths :, TAPS - 1 :: -1]
        sides = delayed.transpose(0, 2, 1).reshape(self._truths * TAPS, -1)
        self._all = self._solved(gram, sides)
        self._own: dict[tuple[int, int], Floats] = {}
        for place, stem in enumerate(stem_of):
            for own in range(self.stems) if stem is None else [stem]:
                rows = slice(own * channels * TAPS, (own + 1) * channels * TAPS)
                columns = slice(place * channels, (place + 1) * channels)
                solved = self._solved(gram[rows, rows], sides[rows, columns])
                self._own[own, place] = solved

    def _solved(self, gram: Floats, sides: Floats) -> Floats:
        """(truths, taps, columns), with museval's regularisation."""
        try:
            filters = _solve(gram, sides, np.finfo(float).eps)
        except np.linalg.LinAlgError:
            # Two channels are equal. Every solution gives the same projection, and the
            # least-squares solution of museval takes minutes.
            filters = _solve(gram, sides, _RIDGE * np.trace(gram) / len(gram))
        return np.asarray(filters.reshape(-1, TAPS, sides.shape[1]))

    def figures(self, truth: Floats, estimates: Floats, places: list[int]) -> FilterFigures:
        """The figures of one frame of true stems (stems, channels, n) and one estimate of each.
        ``places``: the indices of these estimates among those of the song."""
        if is_silent(truth) or is_silent(estimates):
            nan = np.full(self.stems, np.nan)
            return FilterFigures(nan, nan, nan)
        size = scipy.fft.next_fast_len(truth.shape[2] + TAPS - 1, real=True)
        spectra = scipy.fft.rfft(truth, size)
        flat = spectra.reshape(self._truths, -1)
        rows = [
            self._energies(spectra, flat, scipy.fft.rfft(estimates[own], size), own, place, size)
            for own, place in enumerate(places)
        ]
        return FilterFigures(*np.array(rows).T)

    def _energies(
        self, spectra: Floats, flat: Floats, estimate: Floats, own: int, place: int, size: int
    ) -> tuple[float, float, float]:
        """ISR, SIR and SAR in dB, from energies of spectra (Parseval)."""
        columns = slice(place * self._channels, (place + 1) * self._channels)
        on_all = _filtered(self._all[:, :, columns], flat, size)
        on_own = _filtered(self._own[own, place], spectra[own], size)
        true = spectra[own]
        return (
            _decibels(_energy(true, size), _energy(on_own - true, size)),
            _decibels(_energy(on_own, size), _energy(on_all - on_own, size)),
            _decibels(_energy(on_all, size), _energy(estimate - on_all, size)),
        )


def _solve(gram: Floats, sides: Floats, ridge: float) -> Floats:
    return np.asarray(np.linalg.solve(gram + ridge * np.eye(len(gram)), sides))


def _gram(lags: Floats) -> Floats:
    """The inner products of all delayed true stems: (truths * taps) squared, blocks of Toeplitz."""
    count = len(lags)
    gram = np.empty((count, TAPS, count, TAPS))
    for one in range(count):
        for other in range(count):
            # <s delayed by a, t delayed by b> is at lag b - a.
            at = lags[one, other]
            gram[one, :, other] = scipy.linalg.toeplitz(at[TAPS - 1 :: -1], at[TAPS - 1 :])
    return gram.reshape(count * TAPS, count * TAPS)


def _filtered(filters: Floats, spectra: Floats, size: int) -> Floats:
    """Apply filters (sources, taps, channels) to (sources, bins); returns (channels, bins)."""
    responses = scipy.fft.rfft(filters, size, axis=1)
    return np.asarray(np.einsum("sbc,sb->cb", responses, spectra))


def _energy(spectra: Floats, size: int) -> float:
    """The energy of signals of ``size`` samples from their spectra; the bins between 0 and Nyquist
    count twice."""
    squares = np.sum(spectra.real**2 + spectra.imag**2, axis=0)
    last = squares[-1] if size % 2 == 0 else 0.0
    return float((2 * squares.sum() - squares[0] - last) / size)


def _decibels(signal: float, noise: float) -> float:
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(signal / noise)) if noise else float("inf")
