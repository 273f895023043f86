"""From cues to soft masks that sum to one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from separation.audio.blocks import FloatArray
from separation.separators.spectral.transform import BINS

COEFFICIENTS = Path(__file__).with_name("coefficients.json")
"""Fitted by ``benchmarks/fit_spectral``, which says from what and how."""

TILE_FRAMES = 32
"""Frames at a time, so that the sums of one tile stay in the processor's cache."""

BALANCE = 0.6
BALANCE_STEPS = 4
LEAST_SHARE = 0.01
"""Strength, rounds and floor of :func:`balanced`. Full strength (1) would make faint stems vanish;
without it they are taken for louder than they are."""

REST_SHARE = 0.05
"""What the rest gets of every bin whatever the cues say. A rest that is nothing but what the other
masks left over by mistake tells less of the true rest than the song itself does; and a floor
hides the tones that masks leave behind (Berouti, Schwartz and Makhoul, ICASSP 1979)."""


@dataclass(frozen=True)
class MaskModel:
    """Logistic regression on the cues, with coefficients that glide along frequency.

    ``weights``: (cues, stems, bins), ``bias``: (stems, bins), of the stems in ``stems``; the
    stem that is missing there is the rest, whose score is zero.
    """

    cues: tuple[str, ...]
    stems: tuple[str, ...]
    weights: FloatArray
    bias: FloatArray

    def masks(self, cues: Mapping[str, FloatArray], power: FloatArray) -> FloatArray:
        """(stems, frames, bins) between 0 and 1; with the rest's they sum to one.

        ``power``: (frames, bins), by which :func:`balanced` weighs.

        The masks are those of least squared error under the model, which is what a Wiener filter
        gives: a bin that tells little is shared out rather than awarded.
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
    """Masks fitted to how much of this song each stem is, instead of to how much as a rule.

    ``masks``: (stems, frames, bins) without the rest's. The share of energy that the masks give a
    stem corrects its prior, and the masks with it, in a few rounds: expectation maximization as
    in Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a priori
    probabilities" (Neural Computation 14, 2002), here with less than full strength.
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
    """The model of ``coefficients.json``, its knots joined linearly over the octaves."""
    stored = json.loads(COEFFICIENTS.read_text())
    knots = np.log2(stored["knot_bins"])
    place = np.log2(np.maximum(np.arange(BINS), 1))
    at_knots = np.array(stored["weights"], dtype=np.float64)
    flat = at_knots.reshape(len(knots), -1).T
    along = np.array([np.interp(place, knots, values) for values in flat], dtype=np.float32)
    along = along.reshape(*at_knots.shape[1:], BINS)
    return MaskModel(tuple(stored["cues"]), tuple(stored["stems"]), along[:-1], along[-1])
