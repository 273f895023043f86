"""A job for a runner, as plain values that cross a process boundary."""

import uuid
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from separation.system.json_path import JsonPath


class StageRequest(BaseModel):
    """One stage of a pipeline: its name and the parameters that differ from its defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    params: dict[str, Any] = Field(default_factory=dict)


class StageRate(BaseModel):
    """What a stage costs: seconds of work for a second of audio. ``learned``: it was measured, and
    not guessed by a constant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds_per_second: float = Field(ge=0, allow_inf_nan=False)
    learned: bool = True


class RepeatedJob(BaseModel):
    """The job that a job repeats. ``manifest``: that of the other job. ``files``: the folder with
    its delivered files, None where there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest: dict[str, Any]
    files: JsonPath | None = None


class JobSpec(BaseModel):
    """One job.

    ``input_path``: the preserved source file, which is only read. ``input_name``: the cleaned name
    for people. ``job_dir``: ``outputs/{job_id}``, the folder of all files that the job writes.
    ``created_at``: ISO 8601 with zone. ``attempt_id``: unique for each attempt at the job; it is
    part of file names. ``replaces``: the job whose new version this job creates. ``repeats``: the
    job that this one runs again exactly. ``preset``: name of the preset from which the pipeline was
    built; only the manifest uses it.

    The progress starts from these. ``rates``: by the name of a stage, as far as the asker knows
    them. ``audio_s``: the seconds of audio that the job works on, as far as that is known before
    decoding. ``percent``: the last figure of an earlier attempt, below which the progress never
    falls.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: str
    input_path: JsonPath
    input_name: str
    job_dir: JsonPath
    pipeline: tuple[StageRequest, ...]
    created_at: str
    replaces: str | None = None
    repeats: RepeatedJob | None = None
    preset: str | None = None
    rates: dict[str, StageRate] = Field(default_factory=dict)
    audio_s: float | None = None
    percent: float = Field(default=0.0, ge=0, le=100)
    attempt_id: str = Field(default_factory=lambda: uuid.uuid4().hex, pattern=r"^[0-9a-z]{1,64}$")
