"""Fit the coefficients of the spectral separator to synthetic songs.

``python benchmarks/fit_spectral/fit.py OUT.json [--songs 110] [--processes 2]`` makes songs from
formulas (:mod:`synthetic`), takes their cues and finds the coefficients whose masks have the
least error. No recorded music takes part. Needs torch for its gradients only.

The loss of a song is the mean over its stems of the logarithm of the error's energy, which is
SDR, and of the scale-invariant error's, so that a stem is not made right by making it faint; a
stem that ends within 0.9 dB of "do nothing" or below counts extra.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.fit_spectral import synthetic
from separation.separators.spectral.cues import all_cues
from separation.separators.spectral.masks import (
    BALANCE,
    BALANCE_STEPS,
    LEAST_SHARE,
    REST_SHARE,
)
from separation.separators.spectral.transform import BINS, spectrogram

KNOT_BINS = (2, 5, 9, 16, 32, 64, 128, 256, 512, 1200)
"""Octaves, 22 Hz to 13 kHz."""

FITTED = ("drums", "bass", "vocals")
REST = "other"
SECONDS = 14.0
SAMPLED_BINS = 25_000
FLOOR = 2e-3
"""Share of the song's energy below which an error does not count: -27 dB."""

EXTRA, MARGIN = 3.0, 0.2
SHRINK_KNOT, SHRINK_COMMON = 3e-4, 1e-4


@dataclass(frozen=True)
class Sampled:
    """Bins of one song, drawn with known chances and weighted to stand for all of them.

    ``cues``: (bins, cues + 1), the last one 1. ``knots``: (bins, knots), how near each is.
    ``song``: (bins,), energy; ``stems``, ``common``: (bins, stems), a stem's energy and its inner
    product with the song, all with energies of the song summing to one.
    """

    cues: Any
    knots: Any
    song: Any
    stems: Any
    common: Any


def sampled(seed: int) -> tuple[tuple[str, ...], dict[str, NDArray[np.float32]]]:
    """Names of the cues, and the fields of :class:`Sampled` for one synthetic song."""
    stems = synthetic.song(seed, SECONDS)
    samples = stems.sum(axis=0)
    spectra = spectrogram(samples)
    cues = all_cues(samples, spectra, lambda: None)
    mixed = spectra[:, :, :BINS]
    parts = [spectrogram(stem)[:, :, :BINS] for stem in stems]
    energy = (np.abs(mixed) ** 2).sum(axis=0)
    stem_energy = np.stack([(np.abs(part) ** 2).sum(axis=0) for part in parts])
    common = np.stack([(part * mixed.conj()).real.sum(axis=0) for part in parts])
    chosen, weight = _draw(stem_energy, np.random.default_rng(seed))
    weight /= energy.sum()
    shape = energy.shape
    columns: list[NDArray[Any]] = [
        np.broadcast_to(cue, shape).ravel()[chosen] for cue in cues.values()
    ]
    columns.append(np.ones(len(chosen)))
    place = np.log2(np.maximum(chosen % BINS, 1))
    each = np.eye(len(KNOT_BINS))
    fields = {
        "cues": np.stack(columns, axis=1),
        "knots": np.stack([np.interp(place, np.log2(KNOT_BINS), row) for row in each], axis=1),
        "song": energy.ravel()[chosen] * weight,
        "stems": (stem_energy.reshape(len(stems), -1)[:, chosen] * weight).T,
        "common": (common.reshape(len(stems), -1)[:, chosen] * weight).T,
    }
    return tuple(cues), {name: field.astype(np.float32) for name, field in fields.items()}


def _draw(
    stem_energy: NDArray[np.float32], random: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """(indices, weights): mostly loud bins of any stem, and a tenth anywhere."""
    total = stem_energy.sum(axis=(1, 2), keepdims=True)
    share = (stem_energy / (total + 1e-3 * total.sum())).sum(axis=0).ravel()
    chance = np.sqrt(share, dtype=np.float64)
    chance = 0.9 * chance / chance.sum() + 0.1 / chance.size
    summed = np.cumsum(chance)
    chosen = np.searchsorted(summed, random.random(SAMPLED_BINS) * summed[-1])
    chosen = np.minimum(chosen, chance.size - 1)
    return chosen, 1 / (SAMPLED_BINS * chance[chosen])


def loss(coefficients: torch.Tensor, song: Sampled) -> torch.Tensor:
    """``coefficients``: (knots, cues + 1, stems)."""
    at_bins = torch.einsum("nb,bjk->njk", song.knots, coefficients)
    mask = _balanced(torch.softmax((at_bins * song.cues[:, :, None]).sum(1), dim=1), song.song)
    wanted = song.stems.sum(0)
    common, got = (mask * song.common).sum(0), (mask**2 * song.song[:, None]).sum(0)
    error = wanted - 2 * common + got
    unscaled = wanted - common.clamp_min(0) ** 2 / (got + 1e-9)
    mixed = song.song.sum()
    nothing = wanted - 2 * song.common.sum(0) + mixed
    nothing_unscaled = wanted - song.common.sum(0) ** 2 / mixed
    total = 0.6 * _log(error) + 0.4 * _log(unscaled) - _log(wanted)
    total += EXTRA * torch.relu(
        _log(error) - _log(torch.minimum(nothing, nothing_unscaled)) + MARGIN
    )
    total += EXTRA * torch.relu(_log(unscaled) - _log(nothing_unscaled) + MARGIN)
    return total.mean()


def _balanced(mask: torch.Tensor, energy: torch.Tensor) -> torch.Tensor:
    """What ``masks.balanced`` and ``REST_SHARE`` do, on drawn bins."""
    balanced = mask
    for _ in range(BALANCE_STEPS):
        share = (balanced * energy[:, None]).sum(0) / energy.sum()
        balanced = mask * share.clamp_min(LEAST_SHARE) ** BALANCE
        balanced = balanced / balanced.sum(1, keepdim=True)
    rest = torch.tensor([name == REST for name in synthetic.STEMS]) * REST_SHARE
    return balanced * (1 - REST_SHARE) + rest


def _log(energy: torch.Tensor) -> torch.Tensor:
    return torch.log(energy.clamp_min(0) + FLOOR)


def fit(songs: list[Sampled], *, steps: int, batch: int = 5) -> NDArray[np.float64]:
    """(knots, cues + 1, stems): a part common to all knots plus one of each, both kept small."""
    shape = (len(KNOT_BINS), songs[0].cues.shape[1], len(synthetic.STEMS))
    each = torch.zeros(shape, requires_grad=True)
    common = torch.zeros(shape[1:], requires_grad=True)
    optimiser = torch.optim.Adam([each, common], lr=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, steps, pct_start=0.1)
    random = np.random.default_rng(0)
    for _ in range(steps):
        optimiser.zero_grad()
        total = SHRINK_KNOT * (each**2).sum() + SHRINK_COMMON * (common**2).sum()
        for index in random.choice(len(songs), batch, replace=False):
            total = total + loss(each + common, songs[index]) / batch
        total.backward()
        optimiser.step()
        schedule.step()
    return (each + common).detach().numpy().astype(np.float64)


def as_json(cues: tuple[str, ...], coefficients: NDArray[np.float64]) -> str:
    """What :mod:`separation.separators.spectral.masks` reads: scores less those of the rest."""
    names = list(synthetic.STEMS)
    relative = coefficients - coefficients[:, :, [names.index(REST)]]
    relative = relative[:, :, [names.index(stem) for stem in FITTED]].round(3)
    knots = ",\n".join(
        "  [" + ",\n   ".join(json.dumps(row) for row in knot) + "]" for knot in relative.tolist()
    )
    head = {"cues": cues, "stems": FITTED, "knot_bins": KNOT_BINS}
    lines = "".join(f' "{key}": {json.dumps(value)},\n' for key, value in head.items())
    return f'{{\n{lines} "weights": [\n{knots}\n ]\n}}\n'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--songs", type=int, default=110)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with Pool(options.processes) as pool:
        drawn = pool.map(sampled, range(options.songs), chunksize=2)
    torch.set_num_threads(1)
    tensor = partial(torch.tensor, dtype=torch.float32)
    songs = [
        Sampled(**{name: tensor(field) for name, field in fields.items()}) for _, fields in drawn
    ]
    options.out.write_text(as_json(drawn[0][0], fit(songs, steps=options.steps)))


if __name__ == "__main__":
    main()
