"""What a runner is asked to do: one job, as plain values that cross a process boundary."""

import uuid
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from separation.system.json_path import JsonPath


class StageRequest(BaseModel):
    """One stage of a pipeline: its name and the parameters that differ from its defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    params: dict[str, Any] = Field(default_factory=dict)


class JobSpec(BaseModel):
    """One job.

    ``input_path``: the preserved source file, never written to. ``input_name``: the name for
    people, already cleaned. ``job_dir``: ``outputs/{job_id}``; all that the job writes lies in it.
    ``created_at``: ISO 8601 with zone. ``attempt_id``: no two attempts at the job share one; it is
    part of file names. ``replaces``: the job of which this one makes another version. ``preset``:
    what the choices are called that the pipeline was made of, for the manifest alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: str
    input_path: JsonPath
    input_name: str
    job_dir: JsonPath
    pipeline: tuple[StageRequest, ...]
    created_at: str
    replaces: str | None = None
    preset: str | None = None
    attempt_id: str = Field(default_factory=lambda: uuid.uuid4().hex, pattern=r"^[0-9a-z]{1,64}$")
