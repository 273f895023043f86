"""The specification's manifest stays readable, and what is newer is refused by name."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from separation.errors import SeparationError
from separation.pipeline.manifest import (
    MANIFEST_VERSION,
    SCHEMA_PATH,
    Manifest,
    ManifestUnreadable,
    load_manifest,
    main,
    manifest_schema,
    migrate_manifest,
    save_manifest,
)
from tests.quality_report import make_report

JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
ROOT = Path(__file__).resolve().parents[3]


def version_1_0(**overrides: Any) -> dict[str, Any]:
    """The specification's example: one separation, one decomposition."""
    stage = {
        "status": "completed",
        "started_at": "2024-01-15T10:30:00",
        "completed_at": "2024-01-15T10:34:05",
        "error": None,
        "duration_seconds": 245.3,
    }
    return {
        "job_id": JOB_ID,
        "input_file": "song.mp3",
        "created_at": "2024-01-15T10:30:00",
        "version": "1.0",
        "status": "completed",
        "stages": [
            {"name": "audio_separation", "processor_type": "separator", **stage},
            {
                "name": "harmonic_percussive_separation",
                "processor_type": "decomposition",
                **stage,
                "completed_at": "2024-01-15T10:35:00",
            },
        ],
        "outputs": {
            "vocals": f"outputs/{JOB_ID}/demucs_output/vocals.wav",
            "harmonic": f"/srv/data/outputs/{JOB_ID}/harmonic_percussive/harmonic.wav",
            "main": "composite/main.wav",
        },
        "metadata": {
            "processor_count": 2,
            "python_version": "3.10.0",
            "device": "cuda",
            "models": {"separator": "htdemucs", "version": "4.0.0"},
            "settings": {"target_db": -20.0, "device": "cuda"},
        },
        **overrides,
    }


def test_the_example_of_version_1_0_loads_as_the_newest_version() -> None:
    manifest = load_manifest(version_1_0())
    assert manifest.version == MANIFEST_VERSION
    assert [stage.processor_type for stage in manifest.stages] == ["separator", "decomposition"]
    assert manifest.stage("audio_separation").duration_seconds == 245.3
    assert manifest.metadata.models == {"separator": "htdemucs", "version": "4.0.0"}
    assert manifest.metadata.settings["target_db"] == -20.0
    assert manifest.completed_at == "2024-01-15T10:35:00"
    assert manifest.artifacts == () and manifest.input is None


def test_paths_of_version_1_0_become_relative_to_the_folder_of_the_job() -> None:
    outputs = load_manifest(version_1_0()).outputs
    assert outputs == {
        "vocals": "demucs_output/vocals.wav",
        "harmonic": "harmonic_percussive/harmonic.wav",
        "main": "composite/main.wav",
    }


@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("/elsewhere/demucs_output/bass.wav", "demucs_output/bass.wav"),
        (rf"C:\data\{JOB_ID}\normalized\bass.wav", "normalized/bass.wav"),
        ("/bass.wav", "bass.wav"),
        ("../../etc/passwd", "etc/passwd"),
    ],
)
def test_no_path_of_an_old_manifest_leaves_the_folder(path: str, relative: str) -> None:
    assert load_manifest(version_1_0(outputs={"bass": path})).outputs == {"bass": relative}


def test_a_manifest_with_the_least_of_1_0_gets_defaults() -> None:
    least = {key: version_1_0()[key] for key in ("job_id", "input_file", "created_at", "status")}
    manifest = load_manifest(json.dumps(least).encode())
    assert manifest.stages == () and manifest.outputs == {}


def test_migrating_leaves_the_old_manifest_as_it_was() -> None:
    old = version_1_0()
    migrate_manifest(old)
    assert old == version_1_0()


def test_migrating_twice_changes_nothing() -> None:
    once = load_manifest(version_1_0()).model_dump(mode="json")
    assert migrate_manifest(once) == once


def make_record(name: str) -> dict[str, Any]:
    return {
        "name": name, "path": f"{name}.wav", "stage": "separation", "format": "wav24",
        "sha256": "0", "size_bytes": 1, "frames": 1, "sample_rate_hz": 44_100, "channels": 2,
        "duration_s": 0.1, "gain_db": 0.0, "peak_dbfs": None, "true_peak_dbtp": None,
        "loudness_lufs": None,
    }  # fmt: skip


def with_news(record: dict[str, Any], version: str) -> dict[str, Any]:
    """A manifest of another minor version, with a field that this code lacks in every record."""
    told = {**record, "version": version, "mood": "x"}
    told["metadata"] = {**record["metadata"], "room": "warm"}
    told["stages"] = [{**stage, "energy_j": 5} for stage in record["stages"]]
    told["artifacts"] = [{**make_record("drums"), "key": "C"}]
    told["sidecars"] = [{"path": "a", "sha256": "0", "size_bytes": 1, "kind": "peaks"}]
    told["quality"] = {**make_report().model_dump(mode="json"), "listener": "ear"}
    told["input"] = {"sha256": "0", "size_bytes": 1, "isrc": "XX"}
    told["range"] = {"start_s": 0.0, "end_s": 1.0, "song_s": 2.0, "song_frames": 9, "bars": 4}
    return told


@pytest.mark.parametrize(
    ("version", "written"), [("2.7", "2.7"), ("2.10", "2.10"), ("2.0", MANIFEST_VERSION)]
)
def test_unknown_fields_of_another_minor_version_are_kept_when_it_is_read_and_written(
    tmp_path: Path, version: str, written: str
) -> None:
    other = with_news(load_manifest(version_1_0()).model_dump(mode="json"), version)
    save_manifest(load_manifest(other), tmp_path)
    told = json.loads((tmp_path / "manifest.json").read_bytes())
    assert told["version"] == written
    assert told["mood"] == "x" and told["metadata"]["room"] == "warm"
    assert {stage["energy_j"] for stage in told["stages"]} == {5}
    assert told["artifacts"][0]["key"] == "C" and told["sidecars"][0]["kind"] == "peaks"
    assert told["quality"]["listener"] == "ear" and told["input"]["isrc"] == "XX"
    assert told["range"]["bars"] == 4
    jsonschema.validate(told, manifest_schema())


@pytest.mark.parametrize("version", ["3.0", "17.4"])
def test_a_later_version_is_refused_by_name_with_what_to_do(version: str) -> None:
    with pytest.raises(ManifestUnreadable, match=rf"{version}.*Update stemsite") as caught:
        load_manifest(version_1_0(version=version))
    assert isinstance(caught.value, SeparationError)


@pytest.mark.parametrize("version", ["0.9", "1.1", "banana", "2", "2.x", "2.00", ""])
def test_a_version_that_never_was_is_refused_by_name(version: str) -> None:
    with pytest.raises(ManifestUnreadable, match=f"'{version}', which no stemsite has written"):
        load_manifest(version_1_0(version=version))


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff\xfe"])
def test_what_is_no_manifest_is_refused_in_words(text: bytes) -> None:
    with pytest.raises(ManifestUnreadable, match="not"):
        load_manifest(text)


def test_a_missing_field_is_named() -> None:
    broken = version_1_0()
    del broken["input_file"]
    with pytest.raises(ManifestUnreadable, match="input_file"):
        load_manifest(broken)


def test_the_published_schema_is_the_one_of_the_code(tmp_path: Path) -> None:
    main(["--schema", "--out", str(tmp_path / "schema.json")])
    assert (ROOT / SCHEMA_PATH).read_text() == (tmp_path / "schema.json").read_text(), (
        "run python -m separation.pipeline.manifest --schema"
    )


def test_the_schema_asks_for_every_field_of_the_specification() -> None:
    properties = set(manifest_schema()["properties"])
    assert set(version_1_0()) <= properties
    assert set(Manifest.model_fields) == properties
