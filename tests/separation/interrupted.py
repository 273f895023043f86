"""A job in a process of its own that is killed in the middle, and what it left.

Run as a module it starts such processes: each runs one job and kills itself, as the kernel would,
after the network (or the masks) worked on so many windows of the song. They are forked from one
that has imported everything and done nothing, as the imports take longer than most of these jobs.
"""

import atexit
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from pydantic import TypeAdapter

from separation.audio.blocks import BlockReader, FloatArray, StemWriters
from separation.base import ResumableSeparator, SeparatorIdentity, SeparatorOptions, Validation
from separation.engine import chunked
from separation.engine.chunked import BagStream, Member, Plan
from separation.engine.interface import Engine
from separation.engine.statistics import measure_mono
from separation.pipeline.manifest import Manifest
from separation.pipeline.run import run_pipeline
from separation.progress import Report, ignore_progress
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import Event
from separation.runner.__main__ import SeparatorCache
from separation.separators.neural.stems import choose_stems
from separation.separators.spectral import separator as spectral
from separation.settings import CoreSettings
from separation.storage.checkpoints import Checkpoints

ALWAYS = CoreSettings(
    checkpoint_s=1e-9, keep_work=True, offline=True, engine="torch", precision="exact"
)
"""A checkpoint after every block, so that it does not matter how fast this machine is."""

STEMS = ("drums", "bass", "vocals")


class Windows:
    """Counts windows; ``reached`` is called for each, before its result is used."""

    count = 0
    reached: Callable[[int], None] = staticmethod(lambda count: None)

    @classmethod
    def one_more(cls) -> None:
        cls.count += 1
        cls.reached(cls.count)


class UnevenEngine(Engine):
    """Three stems that depend on everything in the window, so that no window is like another."""

    name = "uneven"
    stems = STEMS

    def __init__(self, segment_frames: int, power: float) -> None:
        self.segment_frames = segment_frames
        self._power = power

    def input_frames(self, frames: int) -> int:
        return max(frames, 500)

    def run(self, windows: FloatArray) -> FloatArray:
        level = windows.std(axis=(1, 2), keepdims=True) + np.float32(0.01)
        bent = np.sign(windows) * np.abs(windows) ** np.float32(self._power)
        parts = [bent * level, bent[..., ::-1] / (1 + level), np.cumsum(windows, -1) / 999]
        return np.stack(parts, axis=1).astype(np.float32)


class UnevenSeparator(ResumableSeparator):
    """A bag of two such networks with unlike windows, made of the same parts as the real ones."""

    name = "uneven"

    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: Checkpoints | None = None,
    ) -> dict[str, Path]:
        options = self.options
        choice = choose_stems(STEMS, options)
        members = [
            Member(UnevenEngine(8_000, 0.9), (1.0, 0.5, 2.0)),
            Member(UnevenEngine(5_000, 1.2), (1.0, 1.0, 0.3)),
        ]
        plan = Plan(44_100, options.overlap, options.shifts, options.seed)
        with (
            BlockReader(input_path) as song,
            StemWriters(
                output_dir, list(choice.outputs), checkpoints, made_by=lambda: self.made_by
            ) as writers,
        ):
            level = measure_mono(song)
            stream = BagStream(members, song, level, choice.computed, plan, writers.frames)
            for block in stream.blocks(report):
                writers.write(choice.arrange(block))
        return writers.paths

    @property
    def made_by(self) -> str:
        """What a GPU and a CPU are to the real ones."""
        return os.environ.get("UNEVEN_MADE_BY", "this machine")

    def validate(self) -> Validation:
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        return list(choose_stems(STEMS, self.options).outputs)

    def identity(self) -> SeparatorIdentity:
        return SeparatorIdentity("uneven", "uneven", version="1", weights_digest="0" * 64)


class Separators:
    """The registered ones, and ``uneven``."""

    def __init__(self) -> None:
        self._registered = SeparatorCache()

    def __call__(self, name: str, options: SeparatorOptions) -> Any:
        return UnevenSeparator(options) if name == "uneven" else self._registered(name, options)


@dataclass(frozen=True)
class Outcome:
    """One attempt that came to its end: its manifest, its stems' bytes, the windows it ran, and the
    percents that it told while it separated."""

    manifest: Manifest
    stems: dict[str, bytes]
    windows: int
    percents: tuple[float, ...]

    @property
    def details(self) -> dict[str, Any]:
        return self.manifest.stage("separation").details


def attempt(
    spec: JobSpec, settings: CoreSettings = ALWAYS, check: Callable[[], None] = lambda: None
) -> Outcome:
    """Run the job to its end in this process, as an attempt of its own."""
    count_windows()
    told: list[Event] = []
    before = Windows.count
    manifest = run_pipeline(
        next_attempt(spec),
        settings,
        separators=Separators(),
        observer=told.append,
        check=check,
        # A second at each look: every report is told.
        clock=itertools.count().__next__,
    )
    percents = [e.percent for e in told if e.type == "progress" and e.stage == "separation"]
    return Outcome(manifest, stems_of(spec), Windows.count - before, tuple(percents))


def next_attempt(spec: JobSpec) -> JobSpec:
    return spec.model_copy(update={"attempt_id": os.urandom(8).hex()})


def stems_of(spec: JobSpec) -> dict[str, bytes]:
    folder = spec.job_dir / "work" / "separation"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.wav"))}


def elsewhere(spec: JobSpec) -> JobSpec:
    """The same job in another folder."""
    return spec.model_copy(update={"job_dir": spec.job_dir.with_name("undisturbed")})


def left_behind(spec: JobSpec) -> list[Path]:
    """Temporary folders of attempts that did not come to their end."""
    return sorted((spec.job_dir / "work").glob(".tmp-*"))


def kill_at(spec: JobSpec, window: int, settings: CoreSettings = ALWAYS) -> None:
    """An attempt whose process is killed before it computes the ``window``-th window."""
    with tempfile.NamedTemporaryFile("r") as said:
        orders = {
            "spec": next_attempt(spec).model_dump(mode="json"),
            "settings": TypeAdapter(CoreSettings).dump_python(settings, mode="json"),
            "window": window,
            "environment": dict(os.environ),
            "said": said.name,
        }
        code = _ask(orders)
        assert code == -signal.SIGKILL, f"{code}: {said.read()[-2_000:]}"


def _ask(orders: dict[str, Any]) -> int:
    """The exit code of the process that these orders were given to."""
    starter = _starter()
    if starter.poll() is not None:
        _starter.cache_clear()
        starter = _starter()
    assert starter.stdin is not None and starter.stdout is not None
    starter.stdin.write(json.dumps(orders) + "\n")
    starter.stdin.flush()
    return int(starter.stdout.readline())


@functools.cache
def _starter() -> subprocess.Popen[str]:
    """One for all tests of this process; it ends with the pipe. Of the site of the test that needs
    it first it bears no trace: whoever ends all processes of that site would end it as well."""
    command = [sys.executable, "-m", "tests.separation.interrupted"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEMSITE_")}
    starter = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=kept
    )
    atexit.register(starter.communicate)
    return starter


def count_windows() -> None:
    """Also those of the real separators, which know nothing of being counted."""
    if spectral._separate_block.__name__ != "counted":
        spectral._separate_block = _counted(spectral._separate_block)
        chunked._Pass.advance = _counted(chunked._Pass.advance)  # type: ignore[method-assign]


def _counted(work: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **named: Any) -> Any:
        Windows.one_more()
        return work(*args, **named)

    return counted


def _kill_myself(when: int) -> None:
    def reached(count: int) -> None:
        if count == when:
            os.kill(os.getpid(), signal.SIGKILL)

    Windows.reached = staticmethod(reached)


def _run(orders: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(orders["environment"])
    count_windows()
    _kill_myself(orders["window"])
    run_pipeline(
        JobSpec.model_validate(orders["spec"]),
        TypeAdapter(CoreSettings).validate_python(orders["settings"]),
        separators=Separators(),
        observer=lambda event: None,
    )


def _obey(orders: dict[str, Any]) -> NoReturn:
    """In a process of its own; its end without a kill is a failure, and so is none in time."""
    signal.alarm(120)
    said = os.open(orders["said"], os.O_WRONLY)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        _run(orders)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def main() -> None:
    for line in sys.stdin:
        orders = json.loads(line)
        pipeline = orders["spec"]["pipeline"]
        if any(request["params"].get("separator") in ("demucs", "msst") for request in pipeline):
            import tests.separation.small_models  # noqa: F401  # one thread, and torch
        child = os.fork() or _obey(orders)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
