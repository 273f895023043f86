"""SDR of a network on songs that it was not trained on.

Each song is measured twice: with vocals, as the network separates it alone, and without vocals,
which is most like its input where another network removes the vocals.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from separation.errors import InvalidOptions
from separation.separators.bandsplit.layout import FFT_SIZE, HOP, STEMS, WINDOW_FRAMES
from separation.separators.bandsplit.network import BandSplitNetwork, features
from separation.training.corpus import FloatArray


@dataclass(frozen=True)
class ValidationSong:
    """``stems``: (4, 2, frames), zeros for a stem that the song lacks."""

    name: str
    stems: FloatArray


def read_songs(suite: Path) -> list[ValidationSong]:
    """Read every folder of ``suite`` with files of stems. Raises ``InvalidOptions``."""
    songs = []
    for folder in sorted(path for path in suite.iterdir() if path.is_dir()):
        files = {p.stem: p for p in folder.iterdir() if p.suffix in (".flac", ".wav")}
        read = {
            stem: soundfile.read(files[stem], dtype="float32", always_2d=True)[0].T
            for stem in STEMS
            if stem in files
        }
        if read:
            empty = np.zeros_like(next(iter(read.values())))
            songs.append(
                ValidationSong(folder.name, np.stack([read.get(stem, empty) for stem in STEMS]))
            )
    if not songs:
        raise InvalidOptions(f"{suite} holds no folder with stems such as drums.flac.")
    return songs


def measure(network: BandSplitNetwork, songs: list[ValidationSong]) -> dict[str, float]:
    """Mean SDR in dB by stem: of whole mixtures (``drums``) and without vocals (``drums*``)."""
    sums: dict[str, list[float]] = {}
    for song in songs:
        for mark, stems in (("", song.stems), ("*", _without_vocals(song.stems))):
            estimates = separate(network, stems.sum(axis=0))
            for k, stem in enumerate(STEMS):
                if np.abs(stems[k]).max() > 0:
                    sums.setdefault(stem + mark, []).append(sdr_db(stems[k], estimates[k]))
    return {name: round(float(np.mean(values)), 3) for name, values in sums.items()}


def separate(network: BandSplitNetwork, mixture: FloatArray) -> FloatArray:
    """Separate (2, frames) into (4, 2, frames), in windows without overlap: quick, for curves."""
    window = torch.hann_window(FFT_SIZE)
    spectrum = torch.stft(
        torch.from_numpy(mixture), FFT_SIZE, HOP, window=window, center=True, return_complex=True
    ).transpose(1, 2)
    parts = []
    with torch.inference_mode():
        for start in range(0, spectrum.shape[1], WINDOW_FRAMES):
            part = spectrum[:, start : start + WINDOW_FRAMES]
            parts.append(network(features(part).unsqueeze(0))[0] * part)
    estimate = torch.cat(parts, dim=2).flatten(0, 1).transpose(1, 2)
    waves = torch.istft(estimate, FFT_SIZE, HOP, window=window, length=mixture.shape[1])
    result: FloatArray = waves.reshape(len(STEMS), 2, -1).numpy()
    return result


def sdr_db(truth: FloatArray, estimate: FloatArray) -> float:
    """SDR: energy of the truth over that of the error, of the whole song and both channels."""
    error = float(np.sum((truth - estimate) ** 2, dtype=np.float64))
    return 10 * float(np.log10((np.sum(truth**2, dtype=np.float64) + 1e-7) / (error + 1e-7)))


def _without_vocals(stems: FloatArray) -> FloatArray:
    silenced = stems.copy()
    silenced[STEMS.index("vocals")] = 0.0
    return silenced
