"""What the benchmarks share: weights, audio, jobs, timing, and the line that each one prints.

Everything made lies in ``benchmarks/out``, which git ignores. The weights are random, of the true
shape of htdemucs (41.5 million parameters): as fast as trained ones, and the audio is synthetic.
"""

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from separation.audio.blocks import BLOCK_FRAMES, BlockReader
from separation.base import SAMPLE_RATE_HZ

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "benchmarks" / "out"
RESULTS = OUT / "results.jsonl"
STDERR = OUT / "stderr.log"
MODEL = "bench"
STEMS = ["drums", "bass", "other", "vocals"]
PRECISIONS = ("exact", "fast")

MAX_BYTES = 4 * 1024**3

LAYER_SCALE = 0.3
"""A fresh network's layer scales are near 0, so that its transformer would hardly count in the
error of half precision."""


def arguments(about: str | None) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(description=(about or "").partition("\n")[0])


def song_of(seconds: float) -> Path:
    """A made song of this length: chords, drum-like bursts, noise; made once, in blocks.

    16-bit WAV, as demucs reads neither float nor RF64 files without FFmpeg.
    """
    path = OUT / f"song-{seconds:g}s.wav"
    if path.exists():
        return path
    OUT.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    burst = random.normal(0, 0.2, 4000) * np.exp(-np.arange(4000) / 800)
    beat = np.zeros(SAMPLE_RATE_HZ // 2)
    beat[:4000] = burst
    partial = path.with_suffix(".part")
    with soundfile.SoundFile(partial, "w", SAMPLE_RATE_HZ, 2, "PCM_16", format="WAV") as writer:
        for start in range(0, round(seconds * SAMPLE_RATE_HZ), BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, round(seconds * SAMPLE_RATE_HZ) - start)
            time_s = (start + np.arange(count)) / SAMPLE_RATE_HZ
            root = 110.0 * 2 ** (np.floor(time_s / 2) % 5 / 12)
            tones = sum(np.sin(2 * np.pi * root * k * time_s) / k for k in range(1, 9))
            drums = beat[(start + np.arange(count)) % len(beat)]
            noise = random.normal(0, 0.02, (2, count))
            writer.write((0.1 * tones + drums + noise).T)
    return partial.rename(path)


def seconds_of(song: Path) -> float:
    return round(soundfile.info(song).duration, 1)


def random_htdemucs() -> Any:
    """The network of htdemucs with random weights; always the same ones."""
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(0)
    model = HTDemucs(
        STEMS, bottom_channels=512, t_layers=5, t_heads=8, segment=Fraction(39, 5)
    ).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("scale"):
                value.fill_(LAYER_SCALE)
    return model


def model_repository() -> Path:
    """A local repository, as ``--repo`` of demucs and ours take it, with the model ``MODEL``."""
    folder = OUT / "repository"
    if (folder / f"{MODEL}.yaml").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # In a process of its own: torch is large, and the memory of this one should stay small.
    subprocess.run([sys.executable, "-m", "benchmarks.common"], cwd=ROOT, check=True)
    return folder


def _save_model(folder: Path) -> None:
    import torch

    model = random_htdemucs()
    args, kwargs = model._init_args_kwargs
    package = {
        "klass": type(model),
        "args": args,
        "kwargs": kwargs,
        "state": model.state_dict(),
        "training_args": {},
    }
    file = folder / "weights.part"
    torch.save(package, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    file.rename(folder / f"be9c4000-{digest}.th")
    (folder / f"{MODEL}.yaml").write_text("models: ['be9c4000']\n")


@dataclass
class JobTimes:
    """Seconds of one job, from its submission on; ``first_segment_s`` as far as events tell."""

    total_s: float = 0.0
    first_segment_s: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    folder: Path = Path()


def core_settings(precision: str | None = None, engine: str | None = None) -> Any:
    """The server's own settings, with data in ``OUT``."""
    os.environ["STEMSITE_DATA_DIR"] = str(OUT / "data")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stemsite.settings")
    os.environ.setdefault("STEMSITE_SECRET_KEY", "benchmarks")
    import django

    django.setup()
    from jobs.core_settings import core_settings as from_environment

    settings = from_environment()
    # Two hours as plain WAV are larger than what the server takes unless it is told otherwise.
    limits = replace(settings.limits, max_bytes=MAX_BYTES)
    chosen: dict[str, Any] = {"precision": precision, "engine": engine}
    return replace(settings, limits=limits, **{k: v for k, v in chosen.items() if v is not None})


@contextmanager
def warm_runner(precision: str | None = None, engine: str | None = None) -> Iterator[Any]:
    """A runner as the server starts it, ready, with nothing loaded yet."""
    from separation.runner.client import RunnerProcess

    with RunnerProcess(core_settings(precision, engine), log_level="WARNING") as runner:
        runner.wait_ready()
        yield runner


def run_job(runner: Any, song: Path, **choices: Any) -> JobTimes:
    """One job with the benchmark's model; raises what the job failed with."""
    from separation.errors import error_from_code
    from separation.protocol.jobspec import JobSpec
    from separation.protocol.messages import FailedEvent, ProgressEvent, StageFinishedEvent
    from separation.request.separation_request import SeparationRequest

    request = SeparationRequest(
        separator="demucs", model=MODEL, repo=model_repository(), device="cpu", **choices
    )
    name = uuid.uuid4().hex
    spec = JobSpec(
        job_id=name,
        input_path=song,
        input_name=song.name,
        job_dir=OUT / "jobs" / name,
        pipeline=request.to_pipeline(),
        created_at=datetime.now(UTC).isoformat(),
    )
    times = JobTimes(folder=spec.job_dir)
    started = time.perf_counter()
    for event in runner.events(spec):
        now = time.perf_counter() - started
        if isinstance(event, FailedEvent):
            raise error_from_code(event.code, event.detail)
        if isinstance(event, ProgressEvent) and event.message == "Separating":
            times.first_segment_s = times.first_segment_s or now
        if isinstance(event, StageFinishedEvent):
            times.stages[event.stage] = event.duration_s
            times.details[event.stage] = event.details
    times.total_s = time.perf_counter() - started
    return times


def timed_process(command: Sequence[str], **environment: str) -> tuple[float, float, str]:
    """Seconds, peak resident memory in MB (of it and what it waited for), standard output."""
    started = time.perf_counter()
    with (
        STDERR.open("wb") as stderr,
        subprocess.Popen(
            list(command),
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as child,
    ):
        assert child.stdout is not None
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {STDERR.read_text()[-500:]}")
    return time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e6, output


def demucs_command(song: Path, out: Path) -> list[str]:
    """The demucs command line with our defaults, its stems as plain floats in out/bench/<song>."""
    options = {"-n": MODEL, "--repo": str(model_repository()), "-o": str(out), "-d": "cpu"}
    options |= {"--shifts": "0", "--overlap": "0.25", "--clip-mode": "none"}
    flat = [word for pair in options.items() for word in pair]
    return [sys.executable, "-m", "demucs", *flat, "--float32", str(song)]


def relative_error(ours: Sequence[Path], theirs: Sequence[Path]) -> float:
    """Root of the summed squares of all differences by that of ``theirs``; read in blocks."""
    off = level = 0.0
    for mine, wanted in zip(ours, theirs, strict=True):
        with BlockReader(mine) as first, BlockReader(wanted) as second:
            for one, other in zip(first.blocks(), second.blocks(), strict=True):
                off += float(np.sum((one - other).astype(np.float64) ** 2))
                level += float(np.sum(other.astype(np.float64) ** 2))
    return float(np.sqrt(off / level))


def median(values: Sequence[float], digits: int = 2) -> float:
    return round(statistics.median(values), digits)


def machine() -> dict[str, Any]:
    """What the figures hold for; ``load`` above 0.5 says that something else was running."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: _version(name) for name in ("torch", "openvino", "demucs", "numpy", "librosa")},
        "load": _load_before,
    }


def emit(name: str, figures: dict[str, Any]) -> None:
    """Print the line, and keep it for ``benchmarks/render.py``."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"benchmark": name, **figures, "at": when, "machine": machine()})
    OUT.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as file:
        file.write(line + "\n")
    print(line)


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


_load_before = round(os.getloadavg()[0], 1)

if __name__ == "__main__":
    _save_model(OUT / "repository")
