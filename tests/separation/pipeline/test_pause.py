"""A job that is asked to make room stops where nothing of it is lost, and goes on there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from separation.base import SeparatorOptions
from separation.ensemble import Ensemble, EnsembleMember
from separation.errors import Cancelled
from separation.pipeline.manifest import Manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import Event, StageFinishedEvent
from separation.separators.ensemble import EnsembleSeparator
from separation.settings import CoreSettings
from separation.storage.checkpoints import Checkpoints, find_earlier
from tests.separation.fakes import (
    FakeSeparator,
    fake_separators,
    make_song,
    make_spec,
    separation_request,
)
from tests.separation.interrupted import (
    Separators,
    Windows,
    attempt,
    elsewhere,
    left_behind,
    next_attempt,
    stems_of,
)

RARELY = CoreSettings(checkpoint_s=3_600, keep_work=True)
"""No checkpoint is due by itself."""


def run(
    spec: JobSpec, pause: Callable[[], bool], settings: CoreSettings = RARELY
) -> tuple[Manifest, list[Event]]:
    told: list[Event] = []
    manifest = run_pipeline(
        next_attempt(spec), settings, separators=Separators(), observer=told.append, pause=pause
    )
    return manifest, told


def never() -> bool:
    return False


@pytest.fixture
def spec(tmp_path: Path) -> JobSpec:
    song = make_song(tmp_path / "song.wav", 1.5)
    return make_spec(tmp_path, separation_request(separator="uneven"), song=song)


def test_it_stops_behind_a_checkpoint_that_is_made_for_it_and_goes_on_there(spec: JobSpec) -> None:
    whole = attempt(elsewhere(spec), RARELY)
    first = Windows.count
    with pytest.raises(Cancelled, match="let others go first"):
        run(spec, lambda: Windows.count - first >= 12)
    ran = Windows.count - first
    assert (left_behind(spec)[0] / "checkpoint.json").is_file()
    manifest, _ = run(spec, never)
    assert (manifest.stage("separation").details["resumed_at_s"] or 0.0) > 0.1
    assert stems_of(spec) == whole.stems
    # The windows around the seam run again, and no other.
    assert Windows.count - first <= whole.windows + 6
    assert ran < whole.windows - 6, "it ran to the end, which proves nothing"


def test_however_often_it_stops_the_stems_are_the_same(spec: JobSpec) -> None:
    whole = attempt(elsewhere(spec), RARELY)
    stops = 0
    while True:
        first = Windows.count
        try:
            run(spec, lambda first=first: Windows.count - first >= 9)  # type: ignore[misc]
        except Cancelled:
            stops += 1
        else:
            break
        assert stops < 50
    assert stops >= 3
    assert stems_of(spec) == whole.stems


def test_between_two_stages_it_stops_without_a_checkpoint(spec: JobSpec) -> None:
    done: list[str] = []

    def observe(event: Event) -> None:
        if isinstance(event, StageFinishedEvent):
            done.append(event.stage)

    with pytest.raises(Cancelled):
        run_pipeline(
            spec,
            RARELY,
            separators=Separators(),
            observer=observe,
            pause=lambda: done == ["prepare"],
        )
    assert done == ["prepare"] and left_behind(spec) == []
    _, told = run(spec, never)
    reused = [event.reused for event in told if isinstance(event, StageFinishedEvent)]
    assert reused[:2] == [True, False]


def test_a_stage_that_keeps_no_checkpoint_is_finished_first(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    before = FakeSeparator.runs

    def attempt_of(pause: Callable[[], bool]) -> None:
        run_pipeline(
            next_attempt(spec),
            RARELY,
            separators=fake_separators,
            observer=lambda event: None,
            pause=pause,
        )

    with pytest.raises(Cancelled):
        attempt_of(lambda: FakeSeparator.runs > before)
    attempt_of(never)
    assert FakeSeparator.runs == before + 1


def test_without_checkpoints_the_separation_is_finished_first(spec: JobSpec) -> None:
    first, off = Windows.count, CoreSettings(checkpoint_s=0, keep_work=True)
    with pytest.raises(Cancelled):
        run(spec, lambda: Windows.count - first >= 12, off)
    ran = Windows.count
    run(spec, never, off)
    assert Windows.count == ran, "the separation ran again"


def test_a_finished_member_of_an_ensemble_is_a_place_to_stop(tmp_path: Path) -> None:
    song = make_song(tmp_path / "song.wav", 0.3)
    ensemble = Ensemble(members=(EnsembleMember("one"), EnsembleMember("two")))
    before = FakeSeparator.runs

    def separate(folder: Path, pause: Callable[[], bool], *left: Path) -> None:
        folder.mkdir()
        kept = Checkpoints(
            folder, key="k", every_s=3_600, earlier=find_earlier(left, "k"), pause=pause
        )
        EnsembleSeparator(SeparatorOptions(ensemble=ensemble), fake_separators).separate(
            song, folder, checkpoints=kept
        )

    with pytest.raises(Cancelled):
        separate(tmp_path / "a", lambda: FakeSeparator.runs > before)
    assert FakeSeparator.runs == before + 1
    separate(tmp_path / "b", never, tmp_path / "a")
    assert FakeSeparator.runs == before + 2
