"""Choices that go together, as programs name them."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import AudioUse, Job, Speed
from separation.request.presets import PRESETS
from tests.factories import make_source, wav_bytes

JOBS = "/api/v1/jobs"


def send(api: APIClient, **choices: object) -> Job:
    file = SimpleUploadedFile("Song.wav", wav_bytes())
    answer = api.post(JOBS, {"file": file, **choices})
    assert answer.status_code == 201, answer.json()
    return Job.objects.get(pk=answer.json()["job_id"])


def listed(api: APIClient) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in api.get("/api/v1/presets").json()}


def put_best_model(models: Path) -> None:
    folder = models / "htdemucs_ft"
    folder.mkdir(parents=True)
    (folder / "htdemucs_ft.yaml").write_text("models: ['f7e0c4bc']\n")
    (folder / "f7e0c4bc-ba3fe64a.th").write_bytes(b"weights")


def test_all_are_listed_with_what_they_stand_for(api: APIClient, settings: Settings) -> None:
    settings.OFFLINE = False
    rows = listed(api)
    assert list(rows) == [preset.name for preset in PRESETS if not preset.only_where_there]
    assert rows["preview"]["choices"] == {
        "stages": ["separation"], "range_length_s": 30.0, "overlap": 0.1,
    }  # fmt: skip
    assert rows["best"]["missing"] == "Hybrid Transformer Demucs, fine-tuned"
    assert rows["fast"]["missing"] is None
    assert rows["fast"]["uses"] == (
        "Hybrid Transformer Demucs if it can be downloaded (84.0 MB), else Standard"
    )
    assert rows["fast"]["times_fast"] == 1.0
    assert rows["best"]["times_fast"] > 2 > 0.5 > rows["preview"]["times_fast"]  # type: ignore[operator]
    assert {row["seconds"] for row in rows.values()} == {None}


def test_what_was_learned_here_says_what_a_song_takes(api: APIClient) -> None:
    row = {"host": "amber", "device": "cpu", "seconds_per_second": 0.5}
    Speed.objects.create(**row, work="separation", separator="auto", model_name="htdemucs")
    for stage in ("prepare", "listening", "quality", "export"):
        Speed.objects.create(**{**row, "seconds_per_second": 0.0}, work=stage)
    rows = listed(api)
    # Two seconds around the stages, and half a second for each of 240, or of 30.
    assert rows["fast"]["seconds"] == pytest.approx(2 + 240 * 0.5 * 0.75 / 0.9)
    assert rows["preview"]["seconds"] == pytest.approx(2 + 30 * 0.5 * 0.75 / 0.9)
    assert rows["best"]["seconds"] == pytest.approx(2 + 240 * 0.5 * 2)


def test_a_song_takes_what_was_learned_of_the_model_that_the_preset_names(
    api: APIClient, tmp_path: Path
) -> None:
    put_best_model(tmp_path / "models")
    row = {"host": "amber", "device": "cpu"}
    for model, rate in (("htdemucs_ft", 0.5), ("mdx_extra", 0.1)):
        learned = {"work": "separation", "separator": "demucs", "model_name": model}
        Speed.objects.create(**row, **learned, seconds_per_second=rate)
    for stage in ("prepare", "listening", "quality", "export"):
        Speed.objects.create(**row, work=stage, seconds_per_second=0.0)
    assert listed(api)["best"]["seconds"] == pytest.approx(2 + 240 * 0.5 * 2)


def test_a_preset_makes_its_choices_and_leaves_its_name(api: APIClient) -> None:
    job = send(api, preset="karaoke", format="flac16")
    assert job.request["preset"] == "karaoke"
    assert (job.request["two_stems"], job.request["stages"]) == ("vocals", ["separation"])
    assert job.request["format"] == "flac16"
    assert [stage["name"] for stage in job.pipeline] == [
        "prepare", "separation", "listening", "quality", "export",
    ]  # fmt: skip
    assert api.get(f"{JOBS}/{job.pk}").json()["request"]["preset"] == "karaoke"


def test_what_is_said_outright_wins(api: APIClient) -> None:
    job = send(api, preset="best", separator="spectral", shifts=3)
    assert (job.separator, job.model_name, job.request["shifts"]) == ("spectral", "", 3)


def test_the_best_model_is_taken_once_it_is_here(
    api: APIClient, settings: Settings, tmp_path: Path
) -> None:
    assert send(api, preset="best").separator == "auto"
    put_best_model(tmp_path / "models")
    settings.MODEL_DIR = tmp_path / "models"
    assert listed(api)["best"]["missing"] is None
    assert listed(api)["best"]["uses"] == "Hybrid Transformer Demucs, fine-tuned"
    job = send(api, preset="best")
    assert (job.separator, job.model_name) == ("demucs", "htdemucs_ft")


def test_a_preset_that_does_not_exist_is_refused_with_those_that_do(api: APIClient) -> None:
    answer = api.post(JOBS, {"file": SimpleUploadedFile("a.wav", wav_bytes()), "preset": "loud"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_options")
    assert answer.json()["detail"] == (
        "There is no preset 'loud'. "
        "There are: stems, preview, fast, best, ensemble, full, karaoke, dj."
    )


def test_a_resumable_upload_takes_a_preset_too(api: APIClient) -> None:
    announced = {"name": "a.wav", "size_bytes": len(wav_bytes()), "options": {"preset": "dj"}}
    upload = api.post("/api/v1/uploads", announced, format="json").json()
    api.put(upload["url"], wav_bytes(), content_type="application/octet-stream")
    job = Job.objects.get()
    assert (job.request["preset"], job.request["ni_stems"]) == ("dj", True)


def test_a_preview_uses_no_more_minutes_than_it_separates(api: APIClient) -> None:
    source = make_source(duration_s=600.0)
    for preset, seconds in (("preview", 30.0), ("fast", 600.0)):
        body = {"source_id": str(source.pk), "preset": preset}
        answer = api.post(JOBS, body, format="json")
        used = AudioUse.objects.get(job=answer.json()["job_id"])
        assert used.seconds == seconds
