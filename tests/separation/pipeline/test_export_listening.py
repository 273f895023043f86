"""What the mixer plays and draws lies beside the tracks, verified and none of them."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

from separation.audio.metadata.tags import write_tags
from separation.pipeline.manifest import Manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.settings import CoreSettings
from tests.separation.audio.pictures import cover
from tests.separation.fakes import fake_separators, make_song, make_spec


def run(spec: JobSpec) -> Manifest:
    return run_pipeline(
        spec, CoreSettings(), separators=fake_separators, observer=lambda event: None
    )


def with_preview(spec: JobSpec, *, preview: bool = True) -> JobSpec:
    pipeline = [
        StageRequest(name="export", params={**stage.params, "preview": preview})
        if stage.name == "export"
        else stage
        for stage in spec.pipeline
    ]
    return spec.model_copy(update={"pipeline": tuple(pipeline)})


def index_of(spec: JobSpec) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((spec.job_dir / "listen" / "index.json").read_text())
    return found


def heard(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)


def test_every_stem_has_a_preview_that_sounds_like_the_delivered_track(tmp_path: Path) -> None:
    spec = with_preview(make_spec(tmp_path))
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


def test_peaks_have_the_common_gain_of_the_tracks(tmp_path: Path) -> None:
    spec = with_preview(make_spec(tmp_path, model="loud"))
    manifest = run(spec)
    for entry in index_of(spec)["stems"]:
        track = soundfile.read(spec.job_dir / manifest.outputs[entry["name"]])[0].T
        data = (spec.job_dir / entry["peaks"]).read_bytes()
        finest = entry["peak_levels"][0]
        pairs = np.frombuffer(data, np.int8, 2 * finest["count"], finest["offset"])
        assert abs(pairs.max() - np.rint(track.max() * 127)) <= 1


def test_only_vocals_say_when_they_sound(tmp_path: Path) -> None:
    spec = with_preview(make_spec(tmp_path))
    run(spec)
    for entry in index_of(spec)["stems"]:
        assert (entry["activity"] is not None) == (entry["name"] == "vocals")


def test_they_are_in_the_manifest_but_not_among_the_tracks(tmp_path: Path) -> None:
    spec = with_preview(make_spec(tmp_path))
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
    spec = with_preview(make_spec(tmp_path, song=song))
    manifest = run(spec)
    assert "listen/cover.jpg" in {record.path for record in manifest.sidecars}
    assert (spec.job_dir / "listen" / "cover.jpg").read_bytes().startswith(b"\xff\xd8")
    assert verify_manifest(spec.job_dir) == []
    assert not list(spec.job_dir.rglob("*.cover"))


def test_a_preview_that_is_gone_is_made_again(tmp_path: Path) -> None:
    spec = with_preview(make_spec(tmp_path))
    run(spec)
    entry = index_of(spec)["stems"][0]
    (spec.job_dir / entry["preview"]).unlink()
    run(spec)
    assert (spec.job_dir / entry["preview"]).stat().st_size == entry["size_bytes"]


def test_nothing_is_made_where_nobody_asked(tmp_path: Path) -> None:
    spec = with_preview(make_spec(tmp_path), preview=False)
    assert run(spec).sidecars == ()
    assert not (spec.job_dir / "listen").exists()
