"""What the mixer plays and draws is there before the tracks, verified and none of them."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from separation.audio.metadata.tags import write_tags
from separation.errors import Cancelled, WorkerLost
from separation.pipeline.manifest import Manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.protocol.messages import Event, StageFinishedEvent, StageStartedEvent
from separation.settings import CoreSettings
from tests.separation.audio.pictures import cover
from tests.separation.fakes import fake_separators, make_song, make_spec, separation_request

LISTENING = StageRequest(name="listening")


def run(spec: JobSpec, events: list[Event] | None = None) -> Manifest:
    told = [] if events is None else events
    return run_pipeline(spec, CoreSettings(), separators=fake_separators, observer=told.append)


def with_preview(tmp_path: Path, model: str = "plain", **choices: Any) -> JobSpec:
    return make_spec(tmp_path, separation_request(model=model), LISTENING, **choices)


def of_before(spec: JobSpec) -> JobSpec:
    """As pipelines were that have waited since before there was the stage."""
    *others, export = [stage for stage in spec.pipeline if stage.name != "listening"]
    asked = StageRequest(name="export", params={**export.params, "preview": True})
    return spec.model_copy(update={"pipeline": (*others, asked)})


def index_of(spec: JobSpec) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((spec.job_dir / "listen" / "index.json").read_text())
    return found


def heard(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)


def test_every_stem_has_a_preview_that_sounds_like_the_delivered_track(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    manifest = run(spec)
    index = index_of(spec)
    stems = [entry["name"] for entry in index["stems"]]
    assert stems == [name for name in manifest.outputs if name != "residual"]
    for entry in index["stems"]:
        track = soundfile.read(spec.job_dir / manifest.outputs[entry["name"]])[0].T
        assert index["frames"] == track.shape[1]
        begin = index["delay_samples"]
        preview = heard(spec.job_dir / entry["preview"])[:, begin : begin + track.shape[1]]
        assert preview.shape == track.shape
        # Lossy, and noise is what it codes worst; the copy of another stem would be unlike.
        assert np.corrcoef(preview[0], track[0])[0, 1] > 0.9
        assert (spec.job_dir / entry["preview"]).stat().st_size == entry["size_bytes"]


def level_of(samples: np.ndarray) -> float:
    """Root mean square in dB; the ends are left out, where codecs fade."""
    return float(10 * np.log10(np.square(samples[:, 4096:-4096], dtype=np.float64).mean()))


@pytest.mark.parametrize(
    ("model", "format"), [("plain", "wav24"), ("loud", "flac16"), ("loud", "wav32f")]
)
def test_the_index_and_the_manifest_give_the_gain_from_preview_to_file(
    tmp_path: Path, model: str, format: str
) -> None:
    spec = with_preview(tmp_path, model, format=format)
    manifest = run(spec)
    index = index_of(spec)
    files = {record.name: record for record in manifest.artifacts}
    for entry in index["stems"]:
        file = files[entry["name"]]
        track = soundfile.read(spec.job_dir / file.path)[0].T
        preview = heard(spec.job_dir / entry["preview"])[:, 1024 : 1024 + track.shape[1]]
        gain_db = file.gain_db - index["preview_gain_db"]
        # A tenth of a dB is what the codec's noise adds to this song of noise and clicks.
        assert level_of(preview) + gain_db == pytest.approx(level_of(track), abs=0.1)
        if format != "wav32f":
            assert gain_db == pytest.approx(index["gain_db"], abs=1e-3)


def test_loud_stems_are_lowered_so_that_their_previews_do_not_clip(tmp_path: Path) -> None:
    spec = with_preview(tmp_path, "loud")
    run(spec)
    index = index_of(spec)
    # Three times a song that peaks at 0.5.
    assert index["preview_gain_db"] == pytest.approx(-1.0 - 20 * np.log10(1.5), abs=1e-3)
    highest = max(highest_of(spec, entry) for entry in index["stems"])
    assert highest == round(127 * 10 ** (-1 / 20))


def test_quiet_stems_keep_their_level(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    run(spec)
    index = index_of(spec)
    assert (index["preview_gain_db"], index["gain_db"]) == (0.0, 0.0)
    vocals = next(entry for entry in index["stems"] if entry["name"] == "vocals")
    assert highest_of(spec, vocals) == round(127 * 0.4 * 0.5)


def test_a_song_of_silence_is_playable_too(tmp_path: Path) -> None:
    song = tmp_path / "silence.wav"
    soundfile.write(song, np.zeros((44_100, 2)), 44_100)
    spec = with_preview(tmp_path, song=song)
    run(spec)
    assert (index_of(spec)["preview_gain_db"], index_of(spec)["gain_db"]) == (0.0, 0.0)


def highest_of(spec: JobSpec, entry: dict[str, Any]) -> int:
    data = (spec.job_dir / entry["peaks"]).read_bytes()
    finest = entry["peak_levels"][0]
    pairs = np.frombuffer(data, np.int8, 2 * finest["count"], finest["offset"])
    return int(max(-int(pairs.min()), int(pairs.max())))


def test_only_vocals_say_when_they_sound(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    run(spec)
    for entry in index_of(spec)["stems"]:
        assert (entry["activity"] is not None) == (entry["name"] == "vocals")


def test_they_are_in_the_manifest_but_not_among_the_tracks(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    manifest = run(spec)
    paths = {record.path for record in manifest.sidecars}
    assert "listen/index.json" in paths and len(paths) == 2 * len(index_of(spec)["stems"]) + 1
    assert not any(path.startswith("listen/") for path in manifest.outputs.values())
    assert verify_manifest(spec.job_dir) == []
    (spec.job_dir / "listen" / "index.json").write_text("{}")
    assert verify_manifest(spec.job_dir) == [
        "index.json: listen/index.json is not the file that was delivered."
    ]


def test_a_small_picture_of_the_cover_lies_with_them(tmp_path: Path) -> None:
    song = make_song(tmp_path / "covered.wav")
    write_tags(song, {}, cover())
    spec = with_preview(tmp_path, song=song)
    manifest = run(spec)
    assert "listen/cover.jpg" in {record.path for record in manifest.sidecars}
    assert (spec.job_dir / "listen" / "cover.jpg").read_bytes().startswith(b"\xff\xd8")
    assert verify_manifest(spec.job_dir) == []
    assert not list(spec.job_dir.rglob("*.cover"))


def test_a_preview_that_is_gone_is_made_again(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    run(spec)
    entry = index_of(spec)["stems"][0]
    (spec.job_dir / entry["preview"]).unlink()
    run(spec)
    assert (spec.job_dir / entry["preview"]).stat().st_size == entry["size_bytes"]


def test_nothing_is_made_where_nobody_asked(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    assert run(spec).sidecars == ()
    assert not (spec.job_dir / "listen").exists()


def test_all_is_there_when_the_stage_tells_its_end_and_before_any_file(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    found = []

    def observe(event: Event) -> None:
        if isinstance(event, StageFinishedEvent) and event.stage == "listening":
            files = {path.suffix for path in spec.job_dir.glob("*_output/*")}
            found.append((len(index_of(spec)["stems"]), files, len(event.manifest["sidecars"])))

    run_pipeline(spec, CoreSettings(), separators=fake_separators, observer=observe)
    assert found == [(4, set(), 9)]


def test_a_pipeline_of_before_gets_its_previews_from_the_export(tmp_path: Path) -> None:
    spec = of_before(with_preview(tmp_path, "loud"))
    manifest = run(spec)
    assert [stage.name for stage in manifest.stages] == ["prepare", "separation", "export"]
    assert len(manifest.sidecars) == 9 and verify_manifest(spec.job_dir) == []
    assert index_of(spec)["preview_gain_db"] < -1.0


def test_an_export_writes_no_preview_again(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    times: list[int] = []

    def observe(event: Event) -> None:
        if isinstance(event, StageStartedEvent) and event.stage == "export":
            times.extend(path.stat().st_mtime_ns for path in listened(spec))

    run_pipeline(spec, CoreSettings(), separators=fake_separators, observer=observe)
    assert len(times) == 9
    assert times == [path.stat().st_mtime_ns for path in listened(spec)]


def listened(spec: JobSpec) -> list[Path]:
    return sorted((spec.job_dir / "listen").iterdir())


def stopped_in(spec: JobSpec, stage: str, error: Exception) -> None:
    """The attempt ends in ``stage`` as soon as that reports."""
    started: list[str] = []

    def observe(event: Event) -> None:
        if isinstance(event, StageStartedEvent):
            started.append(event.stage)

    def check() -> None:
        if started and started[-1] == stage:
            raise error

    with pytest.raises(type(error)):
        run_pipeline(
            spec, CoreSettings(), separators=fake_separators, observer=observe, check=check
        )


def test_what_is_playable_is_kept_by_the_next_attempt(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    stopped_in(spec, "export", WorkerLost("The worker is gone."))
    before = {path.name: path.stat().st_mtime_ns for path in listened(spec)}
    assert len(before) == 9
    events: list[Event] = []
    manifest = run(spec, events)
    ended = {e.stage: e.reused for e in events if isinstance(e, StageFinishedEvent)}
    assert ended == {"prepare": True, "separation": True, "listening": True, "export": False}
    assert before == {path.name: path.stat().st_mtime_ns for path in listened(spec)}
    assert len(manifest.sidecars) == 9 and verify_manifest(spec.job_dir) == []


def test_a_preview_that_was_damaged_before_the_next_attempt_is_made_again(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    stopped_in(spec, "export", WorkerLost("The worker is gone."))
    (spec.job_dir / "listen" / "drums.aac").write_bytes(b"half")
    events: list[Event] = []
    run(spec, events)
    ended = {e.stage: e.reused for e in events if isinstance(e, StageFinishedEvent)}
    assert ended["separation"] and not ended["listening"]
    assert verify_manifest(spec.job_dir) == []


def test_a_cancel_while_they_are_made_leaves_nothing_to_play(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    stopped_in(spec, "listening", Cancelled("The job was cancelled."))
    assert not (spec.job_dir / "listen").exists()


def test_an_attempt_that_was_given_up_while_it_made_them_publishes_nothing(tmp_path: Path) -> None:
    spec = with_preview(tmp_path)
    reports: list[str] = []

    def observe(event: Event) -> None:
        if isinstance(event, StageStartedEvent):
            reports.append(event.stage)

    def check() -> None:
        if reports[-1:] == ["listening"]:
            reports.append("listening reports")
        elif reports[-1:] == ["listening reports"]:
            (spec.job_dir / "work" / ".holder").write_text("the next attempt")

    with pytest.raises(WorkerLost, match="Another attempt"):
        run_pipeline(
            spec, CoreSettings(), separators=fake_separators, observer=observe, check=check
        )
    assert reports[-1] == "listening reports"
    assert not list((spec.job_dir / "listen").glob("*"))
