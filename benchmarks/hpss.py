"""The streamed harmonic/percussive decomposition against ``librosa.effects.hpss``.

``python benchmarks/hpss.py [--seconds 180] [--song FILE]`` prints one JSON line: seconds of both,
their ratio, the largest relative error of the two parts, and each one's peak memory. Ours reads
and writes files as the stage does; librosa works on arrays in memory, reading not counted. Each
runs in a process of its own, so that neither sees the other's memory or warm caches.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common
from separation.audio.blocks import BlockReader, FloatWriter
from separation.audio.hpss import split


def run_ours(song: Path, out: Path) -> float:
    started = time.perf_counter()
    with BlockReader(song) as reader, FloatWriter(out / "ours.wav") as writer:
        split(reader, writer)
    return time.perf_counter() - started


def run_librosa(song: Path, out: Path) -> float:
    import librosa

    samples, _ = soundfile.read(song, dtype="float32", always_2d=True)
    samples = np.ascontiguousarray(samples.T)
    started = time.perf_counter()
    harmonic, percussive = librosa.effects.hpss(samples)
    seconds = time.perf_counter() - started
    for name, part in (("harmonic", harmonic), ("percussive", percussive)):
        with FloatWriter(out / f"{name}.wav") as writer:
            writer.write(part)
    return seconds


def measured(which: str, song: Path, out: Path) -> tuple[float, float]:
    """Seconds, and peak memory in MB of the process that needed them."""
    command = [sys.executable, __file__, "--child", which, "--song", str(song), "--out", str(out)]
    _, peak_mb, seconds = common.timed_process(command)
    return float(seconds), peak_mb


def largest_error(song: Path, out: Path) -> float:
    names = ("ours", "harmonic", "percussive")
    off, level = np.zeros(2), np.zeros(2)
    readers = [BlockReader(path) for path in (song, *(out / f"{name}.wav" for name in names))]
    for mixture, ours, harmonic, percussive in zip(*(r.blocks() for r in readers), strict=True):
        ours_and_wanted = ((ours, harmonic), (mixture - ours, percussive))
        for part, (mine, wanted) in enumerate(ours_and_wanted):
            off[part] += np.sum((mine - wanted).astype(np.float64) ** 2)
            level[part] += np.sum(wanted.astype(np.float64) ** 2)
    return float(np.sqrt(off / level).max())


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--song", type=Path)
    parser.add_argument("--child", choices=("ours", "librosa"), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print({"ours": run_ours, "librosa": run_librosa}[options.child](options.song, options.out))
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        song = (options.song or common.song_of(options.seconds)).resolve()
        ours_s, ours_mb = measured("ours", song, out)
        librosa_s, librosa_mb = measured("librosa", song, out)
        figures = {
            "song_s": common.seconds_of(song),
            "seconds": round(ours_s, 2),
            "librosa_seconds": round(librosa_s, 2),
            "ratio": round(ours_s / librosa_s, 4),
            "relative_error": largest_error(song, out),
            "peak_mb": round(ours_mb),
            "librosa_peak_mb": round(librosa_mb),
        }
    common.emit("hpss", figures)


if __name__ == "__main__":
    main()
