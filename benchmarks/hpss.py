"""The streamed harmonic/percussive decomposition against ``librosa.effects.hpss``.

``python benchmarks/hpss.py [--seconds 180] [--song FILE]`` prints one JSON line: seconds of both,
their ratio, the largest relative error of the two parts, and each one's peak memory. Ours reads
and writes files as the stage does; librosa works on arrays in memory, reading not counted. Each
runs in a process of its own, so that neither sees the other's memory or warm caches.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatWriter
from separation.audio.hpss import split
from separation.base import SAMPLE_RATE_HZ


def synthesise(path: Path, seconds: float) -> None:
    """Chords, drum-like bursts and noise: about the share of both parts that a song has."""
    random = np.random.default_rng(7)
    burst = random.normal(0, 0.3, 4000) * np.exp(-np.arange(4000) / 800)
    beat = np.zeros(SAMPLE_RATE_HZ // 2)
    beat[:4000] = burst
    with FloatWriter(path) as writer:
        for start in range(0, round(seconds * SAMPLE_RATE_HZ), BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, round(seconds * SAMPLE_RATE_HZ) - start)
            time_s = (start + np.arange(count)) / SAMPLE_RATE_HZ
            root = 110.0 * 2 ** (np.floor(time_s / 2) % 5 / 12)
            tones = sum(np.sin(2 * np.pi * root * k * time_s) / k for k in range(1, 9))
            drums = beat[(start + np.arange(count)) % len(beat)]
            noise = random.normal(0, 0.02, (2, count))
            writer.write((0.1 * tones + drums + noise).astype(np.float32))


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
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        seconds = float(child.stdout.read())
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return seconds, usage.ru_maxrss * 1024 / 1e6


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
    parser = argparse.ArgumentParser()
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
        song = options.song or out / "song.wav"
        if options.song is None:
            synthesise(song, options.seconds)
        ours_s, ours_mb = measured("ours", song, out)
        librosa_s, librosa_mb = measured("librosa", song, out)
        line = {
            "benchmark": "hpss",
            "song_s": round(soundfile.info(song).duration, 1),
            "seconds": round(ours_s, 2),
            "librosa_seconds": round(librosa_s, 2),
            "ratio": round(ours_s / librosa_s, 4),
            "relative_error": largest_error(song, out),
            "peak_mb": round(ours_mb),
            "librosa_peak_mb": round(librosa_mb),
        }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
