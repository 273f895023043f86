"""A job's work folder with a song and stems, as the stages before would leave it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from separation.audio.blocks import FloatArray, FloatWriter
from separation.audio.tracks import Term, Track, TrackReader
from separation.errors import ModelUnavailable
from separation.progress import ignore_progress
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.settings import CoreSettings
from separation.stages.base import PipelineStage, Song, StageContext, StageResult

RATE_HZ = 44_100


def sound(seed: int, frames: int = 20_000) -> FloatArray:
    """A tone with clicks in noise; every seed another one. Its true peak is about -6 dBTP."""
    random = np.random.default_rng(seed)
    time = np.arange(frames) / RATE_HZ
    tone = 0.3 * np.sin(2 * np.pi * random.uniform(80, 2000) * time + random.uniform(0, 6))
    tone[:: random.integers(3000, 5000)] += 0.2
    return (tone + random.normal(0, 0.02, (2, frames))).astype(np.float32)


def write(path: Path, samples: FloatArray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with FloatWriter(path) as writer:
        writer.write(samples)


def stem_tracks(work_dir: Path, stems: dict[str, FloatArray]) -> dict[str, Track]:
    """What the stage ``separation`` returns for these stems, residual included."""
    for name, samples in stems.items():
        write(work_dir / "separation" / f"{name}.wav", samples)
    terms = {name: Term(path=f"separation/{name}.wav") for name in stems}
    left = tuple(Term(path=term.path, gain=-1.0) for term in terms.values())
    recipes: dict[str, tuple[Term, ...]] = {name: (term,) for name, term in terms.items()}
    recipes["residual"] = (Term(path="prepare/mixture.wav"), *left)
    return {
        name: Track(
            name=name, folder="fake_output", file_stem=name, stage="separation", terms=recipe
        )
        for name, recipe in recipes.items()
    }


def make_context(
    tmp_path: Path,
    song: FloatArray,
    separated: dict[str, FloatArray] | None = None,
    **separation_params: Any,
) -> StageContext:
    work_dir = tmp_path / "work"
    write(work_dir / "prepare" / "mixture.wav", song)
    pipeline = (
        StageRequest(name="prepare"),
        StageRequest(name="separation", params=separation_params),
    )
    spec = JobSpec(
        job_id="9f0c1a52-53b0-4f2c-8a57-6a3d5f6c2b10",
        input_path=tmp_path / "song.wav",
        input_name="song.wav",
        job_dir=tmp_path,
        pipeline=pipeline,
        created_at="2026-01-01T00:00:00+00:00",
    )
    facts = Song(
        path="prepare/mixture.wav",
        frames=song.shape[1],
        peak=float(np.max(np.abs(song))),
        mean=0.0,
        std=1.0,
        source_frames=song.shape[1],
        source_rate_hz=RATE_HZ,
        source_channels=2,
        container="wav",
        codec="pcm_s16le",
        duration_s=song.shape[1] / RATE_HZ,
        input_digest="0" * 64,
    )

    def no_separators(name: str, options: object) -> Any:
        raise ModelUnavailable(f"{name} is not for this test")

    return StageContext(
        spec=spec,
        settings=CoreSettings(),
        work_dir=work_dir,
        out_dir=work_dir,
        report=ignore_progress,
        separators=no_separators,
        song=facts,
        tracks=stem_tracks(work_dir, separated) if separated else {},
    )


def run(stage: PipelineStage[Any], context: StageContext) -> tuple[StageResult, StageContext]:
    """Execute as the pipeline does; the context returned has the new tracks as well."""
    out_dir = context.work_dir / stage.name
    out_dir.mkdir()
    context = replace(context, out_dir=out_dir)
    stage.validate_input(context)
    result = stage.execute(context)
    new = {track.name: track for track in result.tracks}
    return result, replace(context, tracks={**context.tracks, **new})


def samples_of(context: StageContext, name: str) -> FloatArray:
    with TrackReader(context.tracks[name], context.work_dir) as reader:
        return reader.read(0, reader.frames)
