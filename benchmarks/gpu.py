"""htdemucs on a GPU: one window after the other, as demucs does it, against our batches.

``python benchmarks/gpu.py [--seconds 180] [--repeats 3]``. Times real time of the network over a
song in memory, reading and writing not counted, and the card's peak memory. Prints "no GPU" and
exits with 0 where there is none.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common
from separation.audio.blocks import BlockReader
from separation.engine.chunked import BagStream, Member, Plan
from separation.engine.statistics import MonoStatistics, measure_mono


def ours(model: Any, song: Path, fast: bool) -> tuple[Callable[[], np.ndarray], Any]:
    from separation.engine.torch_engine import TorchEngine

    engine = TorchEngine(
        model,
        stems=tuple(common.STEMS),
        segment_frames=int(model.samplerate * model.segment),
        device="cuda",
        fast=fast,
    )
    stems = range(len(common.STEMS))

    def run() -> np.ndarray:
        with BlockReader(song) as reader:
            stream = BagStream(
                [Member(engine, (1.0,) * len(stems))],
                reader,
                _statistics(song),
                stems,
                Plan(int(model.samplerate)),
            )
            return np.concatenate(list(stream.blocks()), axis=-1)

    return run, engine


def theirs(model: Any, song: Path) -> Callable[[], np.ndarray]:
    import torch
    from demucs.apply import apply_model

    with BlockReader(song) as reader:
        samples = np.concatenate(list(reader.blocks()), axis=1)
    statistics = _statistics(song)

    def run() -> np.ndarray:
        mix = torch.from_numpy((samples - statistics.mean) / statistics.scale).float()[None]
        with torch.no_grad():
            out = apply_model(model, mix, shifts=0, overlap=0.25, device="cuda")
        return (out[0] * statistics.scale + statistics.mean).cpu().numpy()

    return run


def _statistics(song: Path) -> MonoStatistics:
    with BlockReader(song) as reader:
        return measure_mono(reader)


def measured(
    run: Callable[[], np.ndarray], seconds: float, repeats: int
) -> tuple[dict[str, Any], Any]:
    """Times real time and peak memory after a first run, which loads and measures."""
    import torch

    out = run()
    torch.cuda.reset_peak_memory_stats()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        out = run()
        torch.cuda.synchronize()
        taken.append(time.perf_counter() - started)
    figures = {
        "times_real_time": common.median([seconds / one for one in taken], 1),
        "peak_mb": round(torch.cuda.max_memory_allocated() / 1e6),
    }
    torch.cuda.empty_cache()
    return figures, out


def main() -> None:
    import torch

    parser = common.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        common.emit("gpu", {"result": "no GPU"})
        return
    song = common.song_of(options.seconds)
    demucs, wanted = measured(
        theirs(common.random_htdemucs(), song), options.seconds, options.repeats
    )
    figures: dict[str, Any] = {"gpu": torch.cuda.get_device_name(0), "demucs": demucs}
    for precision in common.PRECISIONS:
        run, engine = ours(common.random_htdemucs(), song, fast=precision == "fast")
        figures[precision], out = measured(run, options.seconds, options.repeats)
        error = float(np.linalg.norm(out - wanted) / np.linalg.norm(wanted))
        figures[precision] |= {
            "ran_in": engine.precision,
            "windows_per_run": engine.batch_size,
            "error": float(f"{error:.3g}"),
        }
    common.emit("gpu", {"song_s": options.seconds, **figures})


if __name__ == "__main__":
    main()
