"""A separator without a model, which can also misbehave, and songs for it.

The choice of ``model`` says how it behaves: ``plain``; ``loud`` (stems far above full scale that
still sum to the song); ``silent``, ``missing``, ``short``, ``nan`` (what is wrong with the stem
``vocals``); ``slow`` (0.1 s a block); ``crash`` (the process dies); ``exits`` (calls sys.exit);
``full`` (the disk is full); ``memory``; ``bug``; ``killed`` (by signal 9, as the kernel does when
memory runs out); ``hangs`` (without a word); ``native`` (the same in C code that keeps Python's
lock); ``greedy`` (300 MB more); ``card`` (the GPU fails).
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from separation.audio.blocks import BlockReader, FloatArray, StemWriters
from separation.base import (
    ResumableSeparator,
    SeparatorIdentity,
    SeparatorModel,
    SeparatorOptions,
    Unavailable,
    Validation,
)
from separation.engine.devices import device_errors
from separation.progress import Report, ignore_progress
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.storage.checkpoints import Checkpoints

STEMS = ("drums", "bass", "other", "vocals")
GAINS = {"drums": 0.3, "bass": 0.2, "other": 0.1, "vocals": 0.4}
LOUD_GAINS = {"drums": 3.0, "bass": -2.5, "other": 1.5, "vocals": -1.0}
BLOCK = 4_410
ROOT = Path(__file__).resolve().parents[2]
LONG_S = 120
"""Longer than any test waits."""


class FakeSeparator(SeparatorModel):
    name = "fake"
    runs = 0

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        type(self).runs += 1
        behaviour = self.options.model or "plain"
        gains = LOUD_GAINS if behaviour == "loud" else GAINS
        stems = self.get_supported_tracks()
        with BlockReader(input_path) as song, StemWriters(output_dir, stems) as writers:
            for start, block in self._blocks(song):
                self._misbehave(behaviour, start)
                writers.write({s: self._stem(s, gains[s], block, behaviour) for s in stems})
                report(min(1.0, (start + BLOCK) / song.frames))
            paths = writers.paths
        if behaviour == "missing":
            paths["vocals"].unlink()
        return paths

    def _blocks(self, song: BlockReader) -> Iterator[tuple[int, FloatArray]]:
        for start in range(0, song.frames, BLOCK):
            yield start, song.read(start, min(BLOCK, song.frames - start))

    def _stem(self, stem: str, gain: float, block: FloatArray, behaviour: str) -> FloatArray:
        if stem == "vocals" and behaviour == "silent":
            return np.zeros_like(block)
        if stem == "vocals" and behaviour == "nan":
            return np.full_like(block, np.nan)
        if stem == "vocals" and behaviour == "short":
            return block[:, :-1]
        return (gain * block).astype(np.float32)

    def _misbehave(self, behaviour: str, start: int) -> None:
        if behaviour == "slow":
            time.sleep(0.1)
        elif behaviour == "crash" and start:
            os._exit(9)
        elif behaviour == "exits":
            sys.exit("bad option")
        elif behaviour == "full":
            with Path("/dev/full").open("wb", buffering=0) as device:
                device.write(b"0")
        elif behaviour == "memory":
            raise MemoryError
        elif behaviour == "bug":
            raise KeyError("a fault of ours")
        elif start:
            self._misbehave_badly(behaviour)

    def _misbehave_badly(self, behaviour: str) -> None:
        """What only a process of its own survives."""
        if behaviour == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif behaviour == "hangs":
            time.sleep(LONG_S)
        elif behaviour == "native":
            ctypes.PyDLL(None).sleep(LONG_S)
        elif behaviour == "greedy":
            self.kept = np.ones(300_000_000, dtype=np.uint8)
            time.sleep(0.2)
        elif behaviour == "card":
            with device_errors("cuda"):
                raise RuntimeError("CUDA error: an illegal memory access was encountered")

    def validate(self) -> Validation:
        if self.options.model == "unusable":
            return Validation(False, "it needs a card that is not here.")
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        return [s for s in STEMS if self.options.stems is None or s in self.options.stems]

    def identity(self) -> SeparatorIdentity:
        return SeparatorIdentity(
            separator=self.name,
            model=self.options.model or "plain",
            version="1",
            weights_digest="0" * 64,
            notes=("A fake ran.",),
            unavailable=_lacking() if self.options.model == "lacking" else (),
        )


def _lacking() -> tuple[Unavailable, ...]:
    return (Unavailable("htdemucs", "There was no way to huggingface.co."),)


class SteadySeparator(FakeSeparator, ResumableSeparator):
    """Takes as long as the song plays, and goes on where an earlier attempt stopped."""

    name = "steady"

    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: Checkpoints | None = None,
    ) -> dict[str, Path]:
        stems = self.get_supported_tracks()
        with (
            BlockReader(input_path) as song,
            StemWriters(output_dir, stems, checkpoints) as writers,
        ):
            for start in range(writers.frames, song.frames, BLOCK):
                time.sleep(BLOCK / song.sample_rate_hz)
                block = song.read(start, min(BLOCK, song.frames - start))
                writers.write({stem: self._stem(stem, GAINS[stem], block, "") for stem in stems})
                report(min(1.0, (start + BLOCK) / song.frames))
            return writers.paths


class HangingSeparator(FakeSeparator):
    """Never comes to be."""

    def __init__(self, options: SeparatorOptions) -> None:
        time.sleep(LONG_S)


def plug_in(folder: Path, **separators: str) -> str:
    """Install separators (``name="module:Class"``), by default the fake one, as a package that a
    new process finds with the ``PYTHONPATH`` returned."""
    names = separators or {"fake": "tests.separation.fakes:FakeSeparator"}
    metadata = folder / "site" / "fake-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: fake-separator\nVersion: 1.0\n"
    )
    lines = [f"{name} = {place}\n" for name, place in names.items()]
    (metadata / "entry_points.txt").write_text("[stemsite.separators]\n" + "".join(lines))
    return os.pathsep.join([str(folder / "site"), str(ROOT)])


def fake_separators(name: str, options: SeparatorOptions) -> SeparatorModel:
    """Every name gives the fake one; the ``separators`` of a pipeline in tests."""
    return FakeSeparator(options)


def make_samples(
    seconds: float = 1.0, *, rate_hz: int = 44_100, channels: int = 2, peak: float = 0.5
) -> FloatArray:
    """Tones, clicks and noise with a fixed seed, (channels, frames)."""
    frames = round(seconds * rate_hz)
    time_s = np.arange(frames) / rate_hz
    noise = np.random.default_rng(7).normal(0, 0.1, (channels, frames))
    tones = np.sin(2 * np.pi * 220 * time_s) + 0.5 * np.sin(2 * np.pi * 1_760 * time_s)
    clicks = (np.arange(frames) % (rate_hz // 4) < 40).astype(float)
    samples = tones + clicks + noise
    return (peak * samples / np.abs(samples).max()).astype(np.float32)


def make_song(
    path: Path,
    seconds: float = 1.0,
    *,
    rate_hz: int = 44_100,
    channels: int = 2,
    peak: float = 0.5,
    subtype: str | None = "FLOAT",
) -> Path:
    samples = make_samples(seconds, rate_hz=rate_hz, channels=channels, peak=peak)
    soundfile.write(path, samples.T, rate_hz, subtype=subtype)
    return path


def make_spec(
    tmp_path: Path,
    *stages: StageRequest,
    song: Path | None = None,
    model: str = "plain",
    format: str = "wav24",
    sample_rate_hz: int = 44_100,
    job_id: str = "3f1c2a4e-0000-4000-8000-000000000001",
) -> JobSpec:
    """Prepare, ``stages`` (by default separation with the fake behaving as ``model``), export."""
    middle = stages or (separation_request(model=model),)
    return JobSpec(
        job_id=job_id,
        input_path=song or make_song(tmp_path / "song.wav"),
        input_name="My song.wav",
        job_dir=tmp_path / "outputs" / job_id,
        pipeline=(
            StageRequest(name="prepare"),
            *middle,
            StageRequest(
                name="export", params={"format": format, "sample_rate_hz": sample_rate_hz}
            ),
        ),
        created_at="2026-01-02T03:04:05+00:00",
    )


def separation_request(**params: object) -> StageRequest:
    return StageRequest(name="separation", params={"separator": "fake", **params})
