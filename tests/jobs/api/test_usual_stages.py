"""What is made for a program that does not say what it wants."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from jobs.models import Job
from jobs.services.job.request_validation import request_with_defaults
from separation.stage_table import OPTIONAL_STAGES
from tests.factories import make_source, wav_bytes

STEMS = ["separation"]


def stages_of(api: APIClient, address: str, **choices: object) -> list[str]:
    answer = api.post(address, {"file": SimpleUploadedFile("a.wav", wav_bytes()), **choices})
    assert answer.status_code == 201, answer.json()
    stages: list[str] = Job.objects.get(pk=answer.json()["job_id"]).request["stages"]
    return stages


def test_the_stems_and_nothing_else(api: APIClient) -> None:
    assert stages_of(api, "/api/v1/jobs") == STEMS
    song = {"source_id": str(make_source().pk)}
    answer = api.post("/api/v1/jobs", song, format="json")
    assert Job.objects.get(pk=answer.json()["job_id"]).request["stages"] == STEMS


def test_an_announced_upload_becomes_stems_too(api: APIClient) -> None:
    announced = {"name": "a.wav", "size_bytes": len(wav_bytes()), "options": {}}
    upload = api.post("/api/v1/uploads", announced, format="json").json()
    api.put(upload["url"], wav_bytes(), content_type="application/octet-stream")
    assert Job.objects.get().request["stages"] == STEMS


def test_the_specification_s_own_address_makes_every_stage_it_promises(api: APIClient) -> None:
    assert stages_of(api, "/process") == list(OPTIONAL_STAGES)
    assert stages_of(api, "/process/", format="mp3") == list(OPTIONAL_STAGES)
    song = {"source_id": str(make_source().pk)}
    answer = api.post("/process", song, format="json")
    stages = Job.objects.get(pk=answer.json()["job_id"]).request["stages"]
    assert stages == list(OPTIONAL_STAGES)


def test_there_too_a_choice_is_a_choice(api: APIClient) -> None:
    assert stages_of(api, "/process", preset="karaoke") == STEMS
    assert stages_of(api, "/process", stages="separation") == STEMS


@pytest.mark.parametrize(
    ("choices", "more"),
    [
        ({"minus": True}, "composite"),
        ({"target_db": 0.0}, "normalization"),
        ({"normalize": "each"}, "normalization"),
        ({"level_measure": "lufs"}, "normalization"),
        ({"true_peak_ceiling_dbtp": -2.0}, "normalization"),
        ({"preset": "best", "minus": True}, "composite"),
    ],
)
def test_an_option_brings_the_stage_that_it_is_about(choices: dict[str, object], more: str) -> None:
    assert request_with_defaults(options=choices).stages == ("separation", more)


def test_an_option_brings_nothing_where_it_is_off_or_stages_are_named() -> None:
    assert request_with_defaults(options={"minus": False}).stages == ("separation",)
    named = request_with_defaults(options={"minus": True, "stages": ("separation",)})
    assert named.stages == ("separation",)
