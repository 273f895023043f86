"""The runner as a real process: jobs, cancel, death, and nobody left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from separation.pipeline.manifest import verify_manifest
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import (
    Event,
    FailedEvent,
    FinishedEvent,
    ProgressEvent,
    StageFinishedEvent,
)
from separation.runner.client import RunnerProcess
from separation.settings import CoreSettings
from tests.separation.fakes import make_song, make_spec, plug_in, separation_request

ROOT = Path(__file__).resolve().parents[3]
SLOW_SONG_S = 6.0
"""60 blocks of 0.1 s: the job lasts long enough to be cancelled, killed or abandoned."""


@pytest.fixture
def plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake separator as an installed package: an entry point that a new process finds."""
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path))


@pytest.fixture
def runner(plugged_in: None) -> Iterator[RunnerProcess]:
    with RunnerProcess(CoreSettings()) as process:
        yield process


def wait_until_separating(events: Iterator[Event | None], spec: JobSpec) -> None:
    """Until the separator has begun to write, so that there is something to break off."""
    for _ in events:
        if any(spec.job_dir.glob("work/.tmp-separation-*/vocals.wav")):
            return
    raise AssertionError("the separator never began")


def last_of(events: Iterator[Event | None]) -> Any:
    return [event for event in events if event is not None][-1]


def slow_spec(tmp_path: Path, **choices: Any) -> JobSpec:
    song = make_song(tmp_path / "song.wav", SLOW_SONG_S)
    return make_spec(tmp_path, separation_request(model="slow"), song=song, **choices)


def gone(pid: int, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            # A zombie still has a process id; its state tells that it ended.
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_two_jobs_run_one_after_the_other_in_one_process(
    tmp_path: Path, runner: RunnerProcess
) -> None:
    runner.wait_ready()
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        spec = make_spec(tmp_path / place, job_id=place)
        last = last_of(runner.events(spec))
        assert isinstance(last, FinishedEvent) and last.job_id == place
        assert verify_manifest(spec.job_dir) == []
    assert runner.alive
    # numpy alone takes more than this; a figure in kB or pages would fall below.
    assert runner.peak_memory_bytes() > 20_000_000


def test_a_runner_imports_what_the_end_of_a_job_needs_while_it_has_none(
    runner: RunnerProcess,
) -> None:
    code = "import sys, separation.runner.__main__ as r; r.import_stages(); print(*sys.modules)"
    started = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "scipy.signal" not in started.stdout.split(), "each start would cost that second"
    runner.wait_ready()
    deadline = time.monotonic() + 60
    while "scipy/signal/_sosfilt" not in Path(f"/proc/{runner.pid}/maps").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_progress_comes_at_most_every_half_second_and_never_falls(
    tmp_path: Path, runner: RunnerProcess
) -> None:
    song = make_song(tmp_path / "song.wav", 2.5)
    spec = make_spec(tmp_path, separation_request(model="slow"), song=song)
    told: list[ProgressEvent] = []
    times = []
    for event in runner.events(spec, poll_s=0.01):
        if isinstance(event, ProgressEvent):
            told.append(event)
            times.append(time.monotonic())
    percents = [event.percent for event in told]
    assert len(told) >= 4 and percents == sorted(percents)
    # One more than half seconds fit in, as the first comes at once.
    assert len(told) <= (times[-1] - times[0]) / 0.5 + 1.5
    separating = [event for event in told if event.stage == "separation"]
    assert any(event.message == "Separating stems with fake" for event in separating)
    assert all(event.eta_s is not None for event in separating)
    assert separating[0].percent < separating[-1].percent < 100


def test_cancel_takes_effect_within_two_seconds(tmp_path: Path, runner: RunnerProcess) -> None:
    spec = slow_spec(tmp_path)
    events = runner.events(spec, poll_s=0.1)
    wait_until_separating(events, spec)
    asked = time.monotonic()
    runner.cancel(spec.job_id)
    last = last_of(events)
    assert time.monotonic() - asked < 2.0
    assert isinstance(last, FailedEvent) and last.code == "cancelled"
    assert not (spec.job_dir / "work" / "separation").exists()
    assert runner.alive


def test_a_pause_comes_where_nothing_is_lost_and_the_job_goes_on_there(
    tmp_path: Path, runner: RunnerProcess
) -> None:
    song = make_song(tmp_path / "song.wav", 1.0)
    spec = make_spec(tmp_path, separation_request(model="slow"), song=song)
    events = runner.events(spec, poll_s=0.1)
    wait_until_separating(events, spec)
    runner.pause(spec.job_id)
    last = last_of(events)
    assert isinstance(last, FailedEvent) and (last.code, last.stage) == ("cancelled", None)
    told = list(runner.events(spec))
    reused = [event.reused for event in told if isinstance(event, StageFinishedEvent)]
    assert reused == [True, True, False]


@pytest.mark.parametrize("ask", ["cancel", "pause"])
def test_what_was_asked_of_a_job_does_not_reach_a_later_attempt_of_it(
    tmp_path: Path, runner: RunnerProcess, ask: str
) -> None:
    spec = make_spec(tmp_path)
    getattr(runner, ask)(spec.job_id)
    assert isinstance(last_of(runner.events(spec)), FinishedEvent)


def test_a_runner_that_dies_in_a_job_makes_the_job_retryable(
    tmp_path: Path, runner: RunnerProcess
) -> None:
    last = last_of(runner.events(make_spec(tmp_path, model="crash")))
    assert isinstance(last, FailedEvent)
    assert (last.code, last.retryable, last.stage) == ("worker_lost", True, "separation")
    assert not runner.alive


def test_a_job_goes_on_where_a_killed_runner_left_it(tmp_path: Path, plugged_in: None) -> None:
    spec = slow_spec(tmp_path)
    with RunnerProcess(CoreSettings()) as first:
        events = first.events(spec, poll_s=0.1)
        wait_until_separating(events, spec)
        os.kill(first.pid, signal.SIGKILL)
        assert last_of(events).code == "worker_lost"
    left = {path.name for path in (spec.job_dir / "work").iterdir()}
    assert "prepare" in left and any(name.startswith(".tmp-separation") for name in left)

    again = make_spec(tmp_path, song=spec.input_path)
    with RunnerProcess(CoreSettings()) as second:
        told = list(second.events(again))
    reused = {event.stage: event.reused for event in told if isinstance(event, StageFinishedEvent)}
    assert reused == {"prepare": True, "separation": False, "export": False}
    assert verify_manifest(spec.job_dir) == []


def test_closing_in_the_middle_of_a_job_ends_the_process(tmp_path: Path, plugged_in: None) -> None:
    runner = RunnerProcess(CoreSettings())
    spec = slow_spec(tmp_path)
    wait_until_separating(runner.events(spec, poll_s=0.1), spec)
    started = time.monotonic()
    runner.close()
    assert time.monotonic() - started < 3.0 and gone(runner.pid, 0.1)


@pytest.mark.parametrize("pipe", ["closed", "held_open"])
def test_the_runner_ends_when_its_worker_is_killed(
    tmp_path: Path, plugged_in: None, pipe: str
) -> None:
    """Also where another process inherited the worker's end of the pipe."""
    spec = slow_spec(tmp_path)
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, spec.model_dump_json(), pipe],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert worker.stdout is not None
    runner_pid, sibling_pid = map(int, worker.stdout.readline().split())
    worker.kill()
    worker.wait()
    worker.stdout.close()
    ended = gone(runner_pid, 3.0)
    if sibling_pid:
        os.kill(sibling_pid, signal.SIGKILL)
    assert ended


_WORKER = """
import os, subprocess, sys
from separation.runner.client import RunnerProcess
from separation.protocol.jobspec import JobSpec
from separation.settings import CoreSettings
runner = RunnerProcess(CoreSettings())
sibling = 0
if sys.argv[2] == "held_open":
    os.set_inheritable(runner._stdin.fileno(), True)
    sibling = subprocess.Popen(["sleep", "30"], close_fds=False).pid
for event in runner.events(JobSpec.model_validate_json(sys.argv[1])):
    if event is not None and event.type == "stage_started" and event.stage == "separation":
        sys.stdout.write(f"{runner.pid} {sibling}\\n")
        sys.stdout.flush()
"""


def test_whatever_is_printed_the_events_stay_valid_json(tmp_path: Path, plugged_in: None) -> None:
    """A line that is no command is ignored and told in the log, as is what libraries print."""
    spec = make_spec(tmp_path)
    commands = "not a command\n" + json.dumps(
        {"type": "run", "job": json.loads(spec.model_dump_json())}
    )
    process = subprocess.Popen(
        [sys.executable, "-c", _NOISY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(commands + "\n")
    process.stdin.flush()
    kinds = []
    for line in process.stdout:
        kinds.append(json.loads(line)["type"])
        if kinds[-1] in ("finished", "failed"):
            break
    _, log = process.communicate(timeout=5)
    assert kinds[0] == "ready" and kinds[-1] == "finished"
    assert "a library speaks" in log
    assert " - pipeline - ERROR - not a command" in log
    assert " - stage.separation - INFO - " in log


_NOISY = """
import os, tests.separation.fakes as fakes
from separation.runner.__main__ import main
plain = fakes.FakeSeparator._misbehave
def noisy(self, behaviour, start):
    os.write(1, b"a library speaks\\n")
    plain(self, behaviour, start)
fakes.FakeSeparator._misbehave = noisy
main([])
"""


def test_a_job_that_cannot_be_told_to_the_runner_fails_at_once(
    tmp_path: Path, runner: RunnerProcess
) -> None:
    runner.wait_ready()
    spec = make_spec(tmp_path)
    for not_text in (None, b"\xff", "\udce9"):
        last = last_of(runner.events(spec.model_copy(update={"input_name": not_text})))
        assert isinstance(last, FailedEvent) and (last.code, last.retryable) == ("internal", False)
    assert isinstance(last_of(runner.events(spec)), FinishedEvent)


def test_a_runner_answers_to_a_job_that_it_cannot_read(
    tmp_path: Path, runner: RunnerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where worker and runner are not of the same release."""
    line = b'{"type": "run", "job": {"job_id": "%s", "song": 1}}\n'
    spec = make_spec(tmp_path)
    monkeypatch.setattr(
        "separation.runner.client._run_command", lambda spec: line % spec.job_id.encode()
    )
    last = last_of(runner.events(spec))
    assert isinstance(last, FailedEvent) and last.code == "internal"
    assert "cannot read" in last.detail


def test_a_song_whose_name_is_no_text_is_worked_on(tmp_path: Path, runner: RunnerProcess) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9.wav")
    spec = make_spec(tmp_path, song=make_song(tmp_path / "song.wav").rename(odd))
    assert isinstance(last_of(runner.events(spec)), FinishedEvent)
