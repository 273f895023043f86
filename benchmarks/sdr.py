"""How well a separator does on songs whose stems are known.

``python benchmarks/sdr.py SONGS [--separator spectral]``: SONGS holds a folder per song with
``mixture.flac`` and a file per stem, such as ``bass.flac``. Prints one JSON line per song: the
signal-to-distortion ratio of every stem in dB (the whole song, both channels: the energy of the
stem over that of the error), the same of "do nothing", the mixture itself as estimate, and what
is gained. ``si_gain`` compares both with the best gain applied (Le Roux et al., "SDR - half-baked
or well done?", ICASSP 2019). A stem that is silent in a song is left out. Songs must be at
44.1 kHz with two channels.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray, FloatWriter
from separation.registry import SeparatorFactory


class Agreement:
    """Running sums of an estimate and the truth."""

    def __init__(self) -> None:
        self.truth = self.estimate = self.error = self.product = 0.0

    def add(self, truth: FloatArray, estimate: FloatArray) -> None:
        wanted, got = truth.astype(np.float64), estimate.astype(np.float64)
        self.truth += float(np.sum(wanted**2))
        self.estimate += float(np.sum(got**2))
        self.error += float(np.sum((wanted - got) ** 2))
        self.product += float(np.sum(wanted * got))

    @property
    def sdr_db(self) -> float:
        return _decibels(self.truth, self.error)

    @property
    def si_sdr_db(self) -> float:
        explained = self.product**2 / self.estimate if self.estimate else 0.0
        return _decibels(explained, self.truth - explained)


def _decibels(signal: float, noise: float) -> float:
    return float(10 * np.log10(max(signal, 1e-12) / max(noise, 1e-12)))


def agreement(truth: Path, estimate: Path) -> Agreement:
    sums = Agreement()
    with BlockReader(truth) as wanted, BlockReader(estimate) as got:
        for block, other in zip(wanted.blocks(), got.blocks(), strict=True):
            sums.add(block, other)
    return sums


def canonical(mixture: Path, path: Path) -> float:
    """Write the mixture as separators want it; returns its seconds."""
    with soundfile.SoundFile(mixture) as song, FloatWriter(path) as writer:
        for block in song.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True):
            writer.write(block.T)
        return float(song.frames / song.samplerate)


def measure(folder: Path, separator: str) -> dict[str, object]:
    model = SeparatorFactory.create_separator(separator)
    with tempfile.TemporaryDirectory() as scratch:
        song = Path(scratch) / "song.wav"
        duration_s = canonical(folder / "mixture.flac", song)
        started = time.perf_counter()
        stems = model.separate(song, Path(scratch))
        seconds = time.perf_counter() - started
        table = {
            stem: compare(folder / f"{stem}.flac", path, song)
            for stem, path in stems.items()
            if (folder / f"{stem}.flac").exists()
        }
    return {
        "song": folder.name,
        "separator": separator,
        "times_real_time": round(duration_s / seconds, 1),
        "stems": {stem: figures for stem, figures in table.items() if figures},
    }


def compare(truth: Path, estimate: Path, mixture: Path) -> dict[str, float]:
    ours, nothing = agreement(truth, estimate), agreement(truth, mixture)
    if ours.truth == 0:
        return {}
    return {
        "sdr_db": round(ours.sdr_db, 2),
        "do_nothing_db": round(nothing.sdr_db, 2),
        "gain_db": round(ours.sdr_db - nothing.sdr_db, 2),
        "si_gain_db": round(ours.si_sdr_db - nothing.si_sdr_db, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", type=Path)
    parser.add_argument("--separator", default="spectral")
    options = parser.parse_args()
    for folder in sorted(path.parent for path in options.songs.glob("*/mixture.flac")):
        print(json.dumps(measure(folder, options.separator)), flush=True)


if __name__ == "__main__":
    main()
