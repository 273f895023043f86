"""A runner that hangs, eats the machine or lost its card is given up; a busy one is not."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.base import SeparatorOptions
from separation.engine.converted import ConvertedBag
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import FailedEvent, FinishedEvent, StageStartedEvent
from separation.runner import supervision
from separation.runner.client import RunnerProcess
from separation.runner.supervision import RunnerLimits
from separation.separators.neural.conversion import CannotConvert, converted_bag
from separation.settings import CoreSettings
from separation.system.process_tree import family, processor_s, resident_bytes
from tests.separation.fakes import make_song, make_spec, plug_in, separation_request
from tests.separation.runner.test_runner_process import (
    gone,
    last_of,
    slow_spec,
    wait_until_separating,
)

STALL_S = 4.0
"""Longer than the pauses of work on a busy machine: a decoder that starts says nothing yet."""


@pytest.fixture(autouse=True)
def plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path))


def started(**limits: float) -> "closing[RunnerProcess]":
    """A runner that listens: its start is not what these tests are about."""
    runner = RunnerProcess(CoreSettings(), limits=RunnerLimits(**limits))  # type: ignore[arg-type]
    runner.wait_ready()
    return closing(runner)


@pytest.fixture
def runner() -> Iterator[RunnerProcess]:
    with started() as process:
        yield process


@pytest.mark.parametrize("how", ["hangs", "native"])
def test_a_runner_that_gives_no_sign_of_life_is_killed(tmp_path: Path, how: str) -> None:
    with started(stall_s=STALL_S) as runner:
        last = last_of(runner.events(make_spec(tmp_path, model=how), poll_s=0.1))
        assert isinstance(last, FailedEvent)
        assert (last.code, last.retryable, last.stage) == ("worker_lost", True, "separation")
        assert "no sign of life" in last.detail
        assert not runner.alive and gone(runner.pid, 0.1)


def test_a_runner_that_is_suspended_is_killed_too(tmp_path: Path) -> None:
    with started(stall_s=STALL_S) as runner:
        events = runner.events(slow_spec(tmp_path), poll_s=0.1)
        for event in events:
            if isinstance(event, StageStartedEvent) and event.stage == "separation":
                os.kill(runner.pid, signal.SIGSTOP)
                break
        assert last_of(events).code == "worker_lost"
        assert gone(runner.pid, 0.1)


def test_a_runner_that_works_for_longer_than_that_is_left_alone(tmp_path: Path) -> None:
    with started(stall_s=STALL_S) as runner:
        began = time.monotonic()
        song = make_song(tmp_path / "song.wav", 1.5 * STALL_S)
        spec = make_spec(tmp_path, separation_request(model="slow"), song=song)
        assert isinstance(last_of(runner.events(spec, poll_s=0.1)), FinishedEvent)
        assert time.monotonic() - began > 1.5 * STALL_S, "it was too short to prove anything"


def test_the_start_of_a_runner_is_not_held_against_it(tmp_path: Path) -> None:
    """From a cold disk it takes a while; until then nothing of the job can be heard."""
    slow_start = f"import time; time.sleep({STALL_S + 1.0})"
    (tmp_path / "site" / "sitecustomize.py").write_text(slow_start)
    limits = RunnerLimits(stall_s=STALL_S)
    spec = make_spec(tmp_path).model_copy(update={"pipeline": ()})
    with closing(RunnerProcess(CoreSettings(), limits=limits)) as runner:
        assert isinstance(last_of(runner.events(spec, poll_s=0.1)), FinishedEvent | FailedEvent)
        assert runner.was_ready and runner.alive


def test_time_in_which_the_worker_itself_stood_still_is_not_held_against_the_runner() -> None:
    guard = supervision.Guard(os.getpid(), RunnerLimits(stall_s=10.0))
    guard.silence(3600.0, 0.5)
    assert guard.fault() is None
    for _ in range(20):
        guard.silence(0.5, 0.5)
    fault = guard.fault()
    assert fault is not None and fault.code == "worker_lost"
    guard.event_received()
    assert guard.fault() is None


def test_work_without_progress_to_tell_says_that_it_goes_on(tmp_path: Path) -> None:
    """Before its first stage a job's source is hashed, which for hours of sound takes a while."""
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(600_000_000)
    spec = make_spec(tmp_path, song=large)
    told = subprocess.run(
        [sys.executable, "-c", _OFTEN_ALIVE],
        input=f'{{"type": "run", "job": {spec.model_dump_json()}}}\n'.encode(),
        capture_output=True,
        check=False,
    )
    kinds = [line.split(b'"')[3].decode() for line in told.stdout.splitlines()]
    before = kinds[: kinds.index("stage_started")] if "stage_started" in kinds else kinds
    assert before.count("alive") >= 3


# The pipe of commands is closed at once, which is to be no reason to end before the job does.
_OFTEN_ALIVE = """
import separation.runner.__main__ as runner
runner.ALIVE_EVERY_S = 0.02
runner._END_WITHIN_S = 60.0
runner.StopSignal.worker_is_gone = lambda self: None
runner.main([])
"""


def test_a_runner_that_takes_too_much_memory_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_MEASURE_EVERY_S", 0.05)
    with started(memory_bytes=350_000_000) as runner:
        first = last_of(runner.events(make_spec(tmp_path), poll_s=0.05))
        assert isinstance(first, FinishedEvent), "a job that is not greedy stays below"
        assert not runner.is_spent
        (tmp_path / "greedy").mkdir()
        last = last_of(runner.events(make_spec(tmp_path / "greedy", model="greedy"), poll_s=0.05))
        assert isinstance(last, FailedEvent)
        assert (last.code, last.retryable) == ("out_of_memory", True)
        assert "350 MB" in last.detail
        assert not runner.alive


def test_what_the_runner_started_counts_too(tmp_path: Path) -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    child = "x = b'1' * 200_000_000; print(flush=True); import time; time.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", program, child], stdout=subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    assert resident_bytes(parent.pid) > 200_000_000
    os.killpg(parent.pid, signal.SIGKILL)
    parent.communicate()
    assert resident_bytes(parent.pid) == 0


def test_a_runner_whose_memory_grew_between_two_looks_gets_no_further_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_MEASURE_EVERY_S", 3600.0)
    with started(memory_bytes=350_000_000) as runner:
        spec = make_spec(tmp_path, model="greedy")
        assert isinstance(last_of(runner.events(spec)), FinishedEvent)
        assert runner.is_spent and runner.alive


def test_a_runner_whose_card_failed_gets_no_further_job(
    tmp_path: Path, runner: RunnerProcess
) -> None:
    last = last_of(runner.events(make_spec(tmp_path, model="card")))
    assert isinstance(last, FailedEvent)
    assert (last.code, last.retryable, last.replace_runner) == ("worker_lost", True, True)
    assert runner.is_spent and runner.alive


def test_any_other_failure_leaves_the_runner_in_use(tmp_path: Path, runner: RunnerProcess) -> None:
    last = last_of(runner.events(make_spec(tmp_path, model="bug")))
    assert (last.code, last.replace_runner, runner.is_spent) == ("internal", False, False)


def test_a_runner_told_to_end_says_so_and_ends(tmp_path: Path, runner: RunnerProcess) -> None:
    """As an init system tells every process of a service."""
    spec = slow_spec(tmp_path)
    events = runner.events(spec, poll_s=0.1)
    wait_until_separating(events, spec)
    os.kill(runner.pid, signal.SIGTERM)
    last = last_of(events)
    assert (last.code, last.retryable) == ("worker_lost", True)
    assert last.manifest is not None, "it died instead of stopping"
    assert gone(runner.pid, 3.0)


def test_an_idle_runner_told_to_end_ends(runner: RunnerProcess) -> None:
    os.kill(runner.pid, signal.SIGTERM)
    assert gone(runner.pid, 3.0)


def killed_worker(program: str, *arguments: str) -> list[int]:
    """Start a worker that prints process ids, kill it, and return the ids."""
    worker = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    found = [int(word) for word in worker.stdout.readline().split()]
    worker.kill()
    worker.wait()
    worker.stdout.close()
    return found


def test_a_runner_in_native_code_ends_with_its_killed_worker(tmp_path: Path) -> None:
    """There no thread of it gets to run: only the kernel can end it."""
    spec = make_spec(tmp_path, model="native")
    (pid,) = killed_worker(_IN_SEPARATION, spec.model_dump_json())
    assert gone(pid, 2.0)


_IN_SEPARATION = """
import sys, time
from separation.runner.client import RunnerProcess
from separation.protocol.jobspec import JobSpec
from separation.settings import CoreSettings
runner = RunnerProcess(CoreSettings())
spec = JobSpec.model_validate_json(sys.argv[1])
for event in runner.events(spec, 0.05):
    if any(spec.job_dir.glob("work/.tmp-separation-*/vocals.wav")):
        time.sleep(0.5)
        print(runner.pid, flush=True)
        time.sleep(60)
"""


def test_a_runner_that_a_thread_started_lives_on_after_the_thread(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _BY_A_THREAD, make_spec(tmp_path).model_dump_json()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "finished"


_BY_A_THREAD = """
import sys, threading
from separation.runner.client import RunnerProcess
from separation.protocol.jobspec import JobSpec
from separation.settings import CoreSettings
made = []
thread = threading.Thread(target=lambda: made.append(RunnerProcess(CoreSettings())))
thread.start(); thread.join()
*_, last = made[0].events(JobSpec.model_validate_json(sys.argv[1]))
print(last.type)
"""


def test_a_decoding_child_ends_with_the_killed_worker_of_its_runner(tmp_path: Path) -> None:
    # Silence, which is made at once, of another rate, so that decoding it takes a while.
    song = tmp_path / "song.wav"
    soundfile.write(song, np.zeros((600 * 48_000, 2), np.int16), 48_000)
    spec: JobSpec = make_spec(tmp_path, separation_request(), song=song)
    family = killed_worker(_IN_A_CHILD, spec.model_dump_json())
    assert len(family) == 2, "the runner and the child that decodes"
    assert all(gone(pid, 3.0) for pid in family)


_IN_A_CHILD = """
import sys, time
from separation.runner.client import RunnerProcess
from separation.protocol.jobspec import JobSpec
from separation.system.process_tree import family
from separation.settings import CoreSettings
runner = RunnerProcess(CoreSettings())
for event in runner.events(JobSpec.model_validate_json(sys.argv[1]), 0.01):
    if len(found := family(runner.pid)) > 1:
        print(*found, flush=True)
        time.sleep(60)
"""


def test_a_conversion_that_stands_still_is_not_told_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or nobody would ever notice: the process that waits for it is well."""
    place = "tests.separation.fakes:HangingSeparator"
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path / "more", hanging=place))
    told: list[float] = []
    silence: list[int] = []
    bag = ConvertedBag(tmp_path, "0" * 64, "1")

    def end_what_hangs() -> None:
        while len(found := family(os.getpid())) < 2 or not has_come_to_rest(found[1]):
            time.sleep(0.1)
        before = len(told)
        time.sleep(1.5)
        silence.append(len(told) - before)
        os.kill(found[1], signal.SIGKILL)

    watcher = threading.Thread(target=end_what_hangs)
    watcher.start()
    with pytest.raises(CannotConvert):
        converted_bag("hanging", SeparatorOptions(), bag, lambda *_: told.append(1.0))
    watcher.join()
    assert told and silence == [0]


def has_come_to_rest(pid: int) -> bool:
    used = processor_s(pid)
    time.sleep(1.0)
    return used is not None and used > 0 and processor_s(pid) == used


def test_a_converting_child_ends_with_its_killed_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "tests.separation.fakes:HangingSeparator"
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path / "more", hanging=place))
    (child,) = killed_worker(_CONVERTING, str(tmp_path))
    assert gone(child, 3.0)


_CONVERTING = """
import os, sys, threading, time
from pathlib import Path
from separation.base import SeparatorOptions
from separation.engine.converted import ConvertedBag
from separation.system.process_tree import family
from separation.separators.neural.conversion import converted_bag
def tell():
    while len(found := family(os.getpid())) < 2:
        time.sleep(0.01)
    time.sleep(1.5)
    print(found[1], flush=True)
threading.Thread(target=tell).start()
bag = ConvertedBag(Path(sys.argv[1]), "0" * 64, "1")
converted_bag("hanging", SeparatorOptions(), bag, lambda *_: None)
"""
