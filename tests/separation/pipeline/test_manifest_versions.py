"""The specification's manifest stays readable, and what is newer is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from separation.errors import SeparationError
from separation.pipeline.manifest import (
    SCHEMA_PATH,
    Manifest,
    ManifestUnreadable,
    load_manifest,
    main,
    manifest_schema,
    migrate_manifest,
)

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
    assert manifest.version == "2.0"
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


def test_a_later_minor_version_is_read_without_what_it_added() -> None:
    later = {**load_manifest(version_1_0()).model_dump(mode="json"), "version": "2.7", "mood": "x"}
    assert load_manifest(later).version == "2.0"


@pytest.mark.parametrize("version", ["3.0", "0.9", "banana"])
def test_an_unknown_version_is_refused_with_its_number(version: str) -> None:
    with pytest.raises(ManifestUnreadable, match=version) as caught:
        load_manifest(version_1_0(version=version))
    assert isinstance(caught.value, SeparationError)


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
