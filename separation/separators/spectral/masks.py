"""Computes soft masks that sum to 1 from the cues."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from separation.audio.blocks import FloatArray
from separation.separators.spectral.transform import BINS

COEFFICIENTS = Path(__file__).with_name("coefficients.json")
"""Fitted by ``benchmarks/fit_spectral``, which documents the data and the method."""

TILE_FRAMES = 32
"""Frames processed at a time, so that the sums of one tile stay in the processor's cache."""

BALANCE = 0.6
BALANCE_STEPS = 4
LEAST_SHARE = 0.01
"""Strength, rounds and floor of :func:`balanced`. Full strength (1) would remove faint stems; at
strength 0 faint stems come out too loud."""

REST_SHARE = 0.05
"""Share of every bin that the rest receives whatever the cues are. Where the rest holds only the
errors of the other masks, it is a worse estimate of the true rest than the song itself. The floor
also hides the tones that masks leave behind (Berouti, Schwartz and Makhoul, ICASSP 1979)."""


@dataclass(frozen=True)
class MaskModel:
    """Logistic regression on the cues, with coefficients that vary smoothly along frequency.

    ``weights``: (cues, stems, bins), ``bias``: (stems, bins), for the stems in ``stems``. The stem
    that is missing there is the rest; its score is 0.
    """

    cues: tuple[str, ...]
    stems: tuple[str, ...]
    weights: FloatArray
    bias: FloatArray

    def masks(self, cues: Mapping[str, FloatArray], power: FloatArray) -> FloatArray:
        """Masks (stems, frames, bins) between 0 and 1; with the mask of the rest they sum to 1.

        ``power``: (frames, bins), the weights of :func:`balanced`.

        The masks have the least squared error under the model, as those of a Wiener filter: a bin
        with weak cues is divided among the stems, not assigned to one.
        """
        frames = cues[self.cues[0]].shape[0]
        masks = np.empty((len(self.stems), frames, BINS), dtype=np.float32)
        for start in range(0, frames, TILE_FRAMES):
            tile = masks[:, start : start + TILE_FRAMES]
            tile[:] = self.bias[:, None]
            for cue, weights in zip(self.cues, self.weights, strict=True):
                values = cues[cue][start : start + TILE_FRAMES]
                for stem in range(len(self.stems)):
                    tile[stem] += values * weights[stem]
            np.exp(tile, out=tile)
            tile /= 1 + tile.sum(axis=0)
        masks = balanced(masks, power)
        masks *= 1 - REST_SHARE
        return masks


def balanced(masks: FloatArray, power: FloatArray) -> FloatArray:
    """Masks adjusted to the share of each stem in this song, instead of its average share.

    ``masks``: (stems, frames, bins) without the mask of the rest. In a few rounds, the share of
    energy that the masks assign to a stem corrects its prior and thereby the masks: expectation
    maximization as in Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to
    new a priori probabilities" (Neural Computation 14, 2002), here with less than full strength.
    """
    energy = power / (power.sum() + np.float32(1e-20))
    rest = 1 - masks.sum(axis=0)
    given = np.append(np.einsum("sfb,fb->s", masks, energy), (rest * energy).sum())
    now = masks
    for _ in range(BALANCE_STEPS):
        factors = np.maximum(given, LEAST_SHARE).astype(np.float32) ** np.float32(BALANCE)
        now = masks * factors[:-1, None, None]
        scale = 1 / (now.sum(axis=0) + rest * factors[-1])
        now *= scale
        given = np.append(
            np.einsum("sfb,fb->s", now, energy), (rest * scale * energy).sum() * factors[-1]
        )
    return now


@cache
def mask_model() -> MaskModel:
    """The model of ``coefficients.json``, interpolated linearly between its knots over octaves."""
    stored = json.loads(COEFFICIENTS.read_text())
    knots = np.log2(stored["knot_bins"])
    place = np.log2(np.maximum(np.arange(BINS), 1))
    at_knots = np.array(stored["weights"], dtype=np.float64)
    flat = at_knots.reshape(len(knots), -1).T
    along = np.array([np.interp(place, knots, values) for values in flat], dtype=np.float32)
    along = along.reshape(*at_knots.shape[1:], BINS)
    return MaskModel(tuple(stored["cues"]), tuple(stored["stems"]), along[:-1], along[-1])
