"""Separation against the demucs command line: same weights, same song, same machine.

``python benchmarks/separation.py [--seconds 60] [--song FILE] [--repeats 3]
[--precision exact fast] [--against demucs|nothing]``. Each repetition runs all sides one after
the other. *warm*: a loaded runner, a whole job with decoding, checks and writing; demucs: model
loaded, reading, separating and writing in one process. *started*: whole processes,
``manage.py separate`` and ``python -m demucs``. ``error``: of our files against those of the
demucs command line.
"""

import math
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common

CHOICES: dict[str, Any] = {"stages": ("separation",), "format": "wav32f", "preview": False}
"""What demucs makes; a job of ours also looks at the stems' quality, which cannot be left out."""


class WarmDemucs:
    """demucs with its model loaded, in a process of its own; one line in, seconds out."""

    def __init__(self, song: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--demucs-child", "--song", str(song)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def run(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        return self._answer()

    def __enter__(self) -> "WarmDemucs":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _answer(self) -> float:
        assert self._process.stdout is not None
        return float(self._process.stdout.readline())


def demucs_child(song: Path) -> None:
    from demucs.api import Separator
    from demucs.audio import save_audio

    out = common.OUT / "demucs-warm"
    out.mkdir(parents=True, exist_ok=True)
    separator = Separator(
        common.MODEL, repo=common.model_repository(), device="cpu", shifts=0, overlap=0.25
    )
    print(0.0, flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        _, stems = separator.separate_audio_file(song)
        for name, stem in stems.items():
            save_audio(stem, out / f"{name}.wav", separator.samplerate, clip="none", as_float=True)
        print(time.perf_counter() - started, flush=True)


def started_ours(song: Path, precision: str, out: Path) -> float:
    command = [sys.executable, "manage.py", "separate", str(song), "--out", str(out)]
    options = {"--separator": "demucs", "--model": common.MODEL, "--device": "cpu"}
    options |= {"--repo": str(common.model_repository()), "--stages": "separation"}
    flat = [word for pair in options.items() for word in pair]
    seconds, _, _ = common.timed_process(
        [*command, *flat, "--format", "wav32f"],
        STEMSITE_PRECISION=precision,
        STEMSITE_DATA_DIR=str(common.OUT / "data"),
    )
    return seconds


def stems_in(folder: Path) -> list[Path]:
    return [next(folder.rglob(f"{stem}.wav")) for stem in common.STEMS]


def measure(song: Path, precisions: list[str], repeats: int, against: bool) -> dict[str, Any]:
    scratch = common.OUT / "separation"
    shutil.rmtree(scratch, ignore_errors=True)
    seconds: dict[str, list[float]] = defaultdict(list)
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        runners = {p: stack.enter_context(common.warm_runner(p)) for p in precisions}
        demucs = stack.enter_context(WarmDemucs(song)) if against else None
        for precision, runner in runners.items():
            # Loads and, with OpenVINO, converts; its files are compared at the end.
            first = common.run_job(runner, song, **CHOICES)
            figures[precision] = _identity(first)
            figures[precision]["folder"] = first.folder
        for turn in range(repeats):
            for precision, runner in runners.items():
                times = common.run_job(runner, song, **CHOICES)
                seconds[f"{precision} warm"].append(times.total_s)
                seconds[f"{precision} network"].append(times.details["separation"]["seconds"])
                shutil.rmtree(times.folder)
                out = scratch / f"{precision}-{turn}"
                seconds[f"{precision} started"].append(started_ours(song, precision, out))
            if demucs is not None:
                seconds["demucs warm"].append(demucs.run())
                command = common.demucs_command(song, scratch / "demucs")
                seconds["demucs started"].append(common.timed_process(command)[0])
    for precision in precisions:
        folder = figures[precision].pop("folder")
        figures[precision] |= _compared(precision, seconds)
        if against:
            error = common.relative_error(stems_in(folder), stems_in(scratch / "demucs"))
            figures[precision] |= {
                "error": float(f"{error:.3g}"),
                "error_db": round(20 * math.log10(error), 1),
            }
        shutil.rmtree(folder)
    return {**figures, "seconds": {name: common.median(v) for name, v in seconds.items()}}


def _identity(times: common.JobTimes) -> dict[str, Any]:
    details = times.details["separation"]
    return {"engine": details["engine"], "ran_in": details["precision"]}


def _compared(precision: str, seconds: dict[str, list[float]]) -> dict[str, float]:
    """Medians of the ratios of each repetition's pair."""
    return {
        f"{how}_ratio": common.median(
            [
                ours / theirs
                for ours, theirs in zip(
                    seconds[f"{precision} {how}"], seconds[f"demucs {how}"], strict=True
                )
            ],
            3,
        )
        for how in ("warm", "started")
        if seconds[f"demucs {how}"]
    }


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--song", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--against", choices=("demucs", "nothing"), default="demucs")
    parser.add_argument("--precision", nargs="+", choices=common.PRECISIONS)
    parser.add_argument("--demucs-child", action="store_true")
    options = parser.parse_args()
    song = (options.song or common.song_of(options.seconds)).resolve()
    if options.demucs_child:
        demucs_child(song)
        return
    common.model_repository()
    precisions = options.precision or list(common.PRECISIONS)
    against = options.against == "demucs"
    figures = measure(song, precisions, options.repeats, against)
    common.emit(
        "separation", {"song_s": common.seconds_of(song), "repeats": options.repeats, **figures}
    )


if __name__ == "__main__":
    main()
