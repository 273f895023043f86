"""The protocol between a worker and its runner: one JSON object per line, on pipes.

The worker writes commands to the runner's standard input. The runner writes events to the
descriptor that was its standard output; output of libraries goes to standard error. End of file on
standard input ends the runner, so it never outlives its worker.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from separation.protocol.jobspec import JobSpec


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_line(self) -> bytes:
        return self.model_dump_json().encode() + b"\n"


class RunCommand(_Line):
    type: Literal["run"] = "run"
    job: JobSpec


class CancelCommand(_Line):
    type: Literal["cancel"] = "cancel"
    job_id: str


class PauseCommand(_Line):
    """The job is to stop where it loses nothing: behind its next checkpoint, or between two stages.
    Until then it continues and may complete. ``wanted``: ``False`` takes the command back."""

    type: Literal["pause"] = "pause"
    job_id: str
    wanted: bool = True


class ShutdownCommand(_Line):
    type: Literal["shutdown"] = "shutdown"


Command = Annotated[
    RunCommand | CancelCommand | PauseCommand | ShutdownCommand, Field(discriminator="type")
]


class ReadyEvent(_Line):
    """The runner accepts commands; sent once."""

    type: Literal["ready"] = "ready"
    pid: int
    code_version: str


class StageStartedEvent(_Line):
    """``label``, ``percent`` and ``eta_s`` are shown until the stage reports, as loading a model
    may take seconds without a report. They are empty and ``None`` where a finished job only
    repeats its events."""

    type: Literal["stage_started"] = "stage_started"
    job_id: str
    stage: str
    label: str = ""
    percent: float | None = None
    eta_s: float | None = None


class ProgressEvent(_Line):
    """Sent at most every 0.5 s per job. ``percent``: the share of the job's time that has passed, 0
    to below 100. ``eta_s``: the seconds that are left; ``None`` while the length of the song is
    unknown."""

    type: Literal["progress"] = "progress"
    job_id: str
    stage: str
    percent: float
    message: str
    eta_s: float | None = None


class AliveEvent(_Line):
    """The work continues without progress to report. The work itself sends this every few seconds,
    so a runner that stands still is silent."""

    type: Literal["alive"] = "alive"
    job_id: str


class StageFinishedEvent(_Line):
    """A stage is verified and on disk. ``reused``: an earlier attempt had already finished it."""

    type: Literal["stage_finished"] = "stage_finished"
    job_id: str
    stage: str
    key: str
    version: int
    duration_s: float
    reused: bool
    warnings: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    manifest: dict[str, Any]


class FinishedEvent(_Line):
    """The job is completed; the manifest lists every artifact.

    ``replace_runner``: this process must not receive another job, as its GPU failed. After a fault,
    a GPU returns errors or wrong results to the process.
    """

    type: Literal["finished"] = "finished"
    job_id: str
    manifest: dict[str, Any]
    replace_runner: bool = False


class FailedEvent(_Line):
    """The job failed in ``stage`` (``None``: before the first, or between two), or stopped because
    of a command (code ``cancelled``). ``replace_runner`` as in :class:`FinishedEvent`."""

    type: Literal["failed"] = "failed"
    job_id: str
    stage: str | None
    code: str
    detail: str
    retryable: bool
    manifest: dict[str, Any] | None = None
    replace_runner: bool = False


Event = Annotated[
    ReadyEvent
    | StageStartedEvent
    | ProgressEvent
    | AliveEvent
    | StageFinishedEvent
    | FinishedEvent
    | FailedEvent,
    Field(discriminator="type"),
]

_COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)
_EVENTS: TypeAdapter[Event] = TypeAdapter(Event)


def parse_command(line: bytes) -> Command:
    return _COMMANDS.validate_json(line)


def parse_event(line: bytes) -> Event:
    return _EVENTS.validate_json(line)
