"""An attempt that was given up and goes on nevertheless harms nothing of the one in its place."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from separation.errors import WorkerLost
from separation.pipeline.manifest import Manifest, load_manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import Event, StageStartedEvent
from separation.settings import CoreSettings
from separation.storage.fence import AttemptFence
from tests.separation.fakes import fake_separators, make_spec


def run(
    spec: JobSpec, at_separation: Callable[[], None] = lambda: None, *, keep: bool = False
) -> Manifest:
    def observe(event: Event) -> None:
        if isinstance(event, StageStartedEvent) and event.stage == "separation":
            at_separation()

    settings = CoreSettings(keep_work=keep)
    return run_pipeline(spec, settings, separators=fake_separators, observer=observe)


def again(spec: JobSpec) -> JobSpec:
    return spec.model_copy(update={"attempt_id": f"{spec.attempt_id}b"})


def everything(spec: JobSpec) -> dict[str, bytes]:
    files = (path for path in spec.job_dir.rglob("*") if path.is_file())
    return {str(path.relative_to(spec.job_dir)): path.read_bytes() for path in files}


@pytest.mark.parametrize("keep", [False, True])
def test_an_attempt_that_wakes_up_after_the_next_one_ended_changes_nothing(
    tmp_path: Path, keep: bool
) -> None:
    spec = make_spec(tmp_path)
    left: dict[str, bytes] = {}

    def overtaken() -> None:
        run(again(spec), keep=keep)
        left.update(everything(spec))

    with pytest.raises(WorkerLost, match="Another attempt"):
        run(spec, overtaken, keep=keep)
    assert left and everything(spec) == left
    assert load_manifest(spec.job_dir / "manifest.json").status == "completed"
    assert verify_manifest(spec.job_dir) == []


def test_an_attempt_that_wakes_up_beside_the_next_one_does_not_disturb_it(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    asleep, awake = threading.Event(), threading.Event()
    ends: list[BaseException] = []

    def sleep() -> None:
        asleep.set()
        assert awake.wait(20)

    def old_attempt() -> None:
        try:
            run(spec, sleep)
        except WorkerLost as error:
            ends.append(error)

    thread = threading.Thread(target=old_attempt)
    thread.start()
    assert asleep.wait(20)

    def wake_the_old_one() -> None:
        (spec.job_dir / "work" / f".tmp-separation-{again(spec).attempt_id}").mkdir()
        awake.set()
        thread.join(20)
        # Where the pipeline will make it in a moment; the old attempt left it alone.
        (spec.job_dir / "work" / f".tmp-separation-{again(spec).attempt_id}").rmdir()

    assert run(again(spec), wake_the_old_one).status == "completed"
    assert len(ends) == 1
    assert verify_manifest(spec.job_dir) == []
    assert not (spec.job_dir / "work").exists()


def overtaken_when(spec: JobSpec, begun: Callable[[], bool], theirs: Path) -> None:
    """Run an attempt whose folder is taken by another, which leaves ``theirs``, as soon as it has
    ``begun``. It must end for that."""
    next_one = AttemptFence(spec.job_dir / "work", again(spec).attempt_id)
    taken = threading.Event()

    def check() -> None:
        if not taken.is_set() and begun():
            taken.set()
            next_one.take()
            theirs.parent.mkdir(parents=True, exist_ok=True)
            theirs.write_bytes(b"theirs")

    with pytest.raises(WorkerLost, match="Another attempt"):
        run_pipeline(
            spec, CoreSettings(), separators=fake_separators, observer=lambda _: None, check=check
        )


def has_written(spec: JobSpec, stage: str, name: str) -> Callable[[], bool]:
    """While a stage works: does a file of that name lie in its temporary folder?"""
    work = spec.job_dir / "work"
    return lambda: any(path.is_file() for path in work.glob(f".tmp-{stage}-*/{name}"))


def test_a_stage_that_the_next_attempt_finished_first_is_not_removed(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)

    def is_about_to_prepare() -> bool:
        manifest = spec.job_dir / "manifest.json"
        return manifest.exists() and load_manifest(manifest).stage("prepare").status == "processing"

    theirs = spec.job_dir / "work" / "prepare" / "mixture.wav"
    overtaken_when(spec, is_about_to_prepare, theirs)
    assert theirs.read_bytes() == b"theirs"


def test_the_finished_stage_of_the_next_attempt_is_not_replaced(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    theirs = spec.job_dir / "work" / "prepare" / "mixture.wav"
    overtaken_when(spec, has_written(spec, "prepare", "mixture.wav"), theirs)
    assert theirs.read_bytes() == b"theirs"
    assert [path.name for path in theirs.parent.iterdir()] == [theirs.name]


def test_what_the_next_attempt_delivered_is_not_replaced(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    theirs = spec.job_dir / "fake_output" / "vocals.wav"
    overtaken_when(spec, has_written(spec, "export", "fake_output/*.wav"), theirs)
    assert theirs.read_bytes() == b"theirs"
    assert [path.name for path in theirs.parent.iterdir()] == [theirs.name]
