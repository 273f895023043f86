"""Peak resident memory of the runner for songs of several lengths, and of the demucs command line.

``python benchmarks/memory.py [--minutes 3 30 120] [--demucs-minutes 3 10] [--precision ...]``.
A new runner for each length, all stages on; MB of 10^6 bytes.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common


def ours_mb(minutes: float, precision: str) -> float:
    song = common.song_of(60 * minutes)
    with common.warm_runner(precision) as runner:
        times = common.run_job(runner, song, format="flac16")
        peak = runner.peak_memory_bytes()
    shutil.rmtree(times.folder)
    return round(peak / 1e6)


def demucs_mb(minutes: float) -> float:
    out = common.OUT / "demucs-memory"
    _, peak, _ = common.timed_process(common.demucs_command(common.song_of(60 * minutes), out))
    shutil.rmtree(out)
    return round(peak)


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[3, 30, 120])
    parser.add_argument("--demucs-minutes", type=float, nargs="*", default=[3, 10])
    parser.add_argument("--precision", choices=common.PRECISIONS, default="exact")
    options = parser.parse_args()
    common.model_repository()
    ours = {f"{m:g} min": ours_mb(m, options.precision) for m in options.minutes}
    demucs = {f"{m:g} min": demucs_mb(m) for m in options.demucs_minutes}
    common.emit(
        "memory",
        {
            "precision": options.precision,
            "peak_mb": ours,
            "spread": round(max(ours.values()) / min(ours.values()) - 1, 3),
            "demucs_peak_mb": demucs,
        },
    )


if __name__ == "__main__":
    main()
