"""The rule on licences holds wherever a model can be asked for, before a byte is sent."""

import io
import json
import socket
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import Job, Source, Upload
from jobs.models.job import JobStatus
from jobs.services.campaigns.actions import plan_campaign
from jobs.services.job.request_validation import check_request
from separation.errors import LicenceRefused
from separation.registry import SeparatorFactory
from separation.request.separation_request import parse_request
from tests.factories import make_job, make_source, wav_bytes
from tests.jobs.api.conftest import client_of
from tests.separation.fakes import FakeSeparator

REFUSED = {"separator": "demucs", "model": "htdemucs"}


@pytest.fixture(autouse=True)
def granted_only(settings: Settings) -> None:
    settings.MODEL_LICENCES = ["granted"]


@pytest.fixture
def api(owner: User) -> APIClient:
    return client_of(owner)


def song() -> SimpleUploadedFile:
    return SimpleUploadedFile("Song.wav", wav_bytes())


def left_behind(root: Path) -> list[Path]:
    places = (root / name for name in ("uploads", "outputs", "tmp"))
    return [path for place in places for path in place.rglob("*") if path.is_file()]


def test_a_song_for_a_refused_model_is_refused_and_not_stored(
    api: APIClient, site_paths: Path
) -> None:
    response = api.post("/api/v1/jobs", {"file": song(), **REFUSED})
    assert response.status_code == 400
    assert response.json()["code"] == "licence_refused"
    assert "STEMSITE_MODEL_LICENCES" in response.json()["detail"]
    assert not Source.objects.exists() and not left_behind(site_paths)


def test_an_upload_for_a_refused_model_does_not_begin(api: APIClient) -> None:
    wanted = {"name": "Song.wav", "size_bytes": 1000, "options": REFUSED}
    response = api.post("/api/v1/uploads", wanted, format="json")
    assert response.status_code == 400, response.json()
    assert response.json()["code"] == "licence_refused"
    assert not Upload.objects.exists()


def test_what_is_granted_goes_on(api: APIClient) -> None:
    response = api.post("/api/v1/jobs", {"file": song(), "separator": "auto"})
    assert response.status_code == 201
    assert Job.objects.count() == 1


def test_programs_are_told_of_what_is_offered_alone(api: APIClient, settings: Settings) -> None:
    rows = {row["name"]: row for row in api.get("/api/v1/separators").json()}
    assert "demucs" not in rows and "torchaudio_hdemucs" not in rows
    assert [model["licence_state"] for model in rows["spectral"]["models"]] == ["granted"]
    assert "demucs" not in api.get("/api/v1/config").json()["separators"]
    settings.MODEL_LICENCES = ["granted", "htdemucs_6s"]
    rows = {row["name"]: row for row in api.get("/api/v1/separators").json()}
    assert [model["name"] for model in rows["demucs"]["models"]] == ["htdemucs_6s"]


def test_the_form_offers_what_is_granted_and_refuses_the_rest(client: Client, owner: User) -> None:
    client.force_login(owner)
    page = client.get("/").content.decode()
    assert 'value="spectral:spectral"' in page and "demucs:" not in page
    assert "Hybrid Transformer Demucs" not in page
    fields = {"model": "demucs:htdemucs", "stages": ["separation"], "files": [song()]}
    assert client.post("/", fields).status_code == 400
    assert not Job.objects.exists()


def test_a_preset_takes_no_model_that_is_refused(
    client: Client, owner: User, settings: Settings
) -> None:
    client.force_login(owner)
    sent = {"preset": "best", "files": [song()]}
    assert client.post("/", sent).status_code == 302
    assert Job.objects.get().request["model"] is None
    assert "is not on this server" not in client.get("/").content.decode()
    settings.MODEL_LICENCES = ["all"]
    assert "is not on this server" in client.get("/").content.decode()


def test_a_song_is_not_separated_again_with_a_refused_model(client: Client, owner: User) -> None:
    client.force_login(owner)
    job = make_job(owner=owner)
    client.post(f"/jobs/{job.pk}/again", {"model": "demucs:htdemucs"})
    assert list(Job.objects.all()) == [job]


def test_a_campaign_with_a_refused_model_does_not_begin(owner: User) -> None:
    make_source(owner=owner)
    with pytest.raises(LicenceRefused):
        plan_campaign(options=REFUSED, conditions=[])
    errors = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("reprocess", "--separator", "demucs", "--dry-run", stderr=errors)
    assert ended.value.code == 2 and errors.getvalue().startswith("licence_refused: ")


def test_a_job_of_a_model_that_is_offered_no_more_is_not_tried_again(
    api: APIClient, client: Client, admin_user: User, owner: User
) -> None:
    asked = parse_request({"separator": "demucs"})
    job = make_job(owner=owner, status=JobStatus.FAILED, request=asked)
    response = api.post(f"/api/v1/jobs/{job.pk}/retry")
    assert response.status_code == 400 and response.json()["code"] == "licence_refused"
    client.force_login(admin_user)
    ticked = {"action": "retry", "_selected_action": [str(job.pk)]}
    page = client.post("/admin/jobs/job/", ticked, follow=True).content.decode()
    assert "is not offered here" in page
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED


def test_a_job_that_separates_nothing_asks_no_rule(api: APIClient, settings: Settings) -> None:
    settings.MODEL_LICENCES = ["copyleft"]
    choices = {"separator": "demucs", "stages": "harmonic_percussive"}
    assert api.post("/api/v1/jobs", {"file": song(), **choices}).status_code == 201


def test_the_command_line_refuses_before_it_makes_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(wav_bytes())
    errors = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("separate", str(path), out=tmp_path / "out", stderr=errors, **REFUSED)
    assert ended.value.code == 2
    assert errors.getvalue().startswith("licence_refused: ")
    assert not (tmp_path / "out").exists()


def test_a_refused_model_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as site:
        site.settimeout(0.1)
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{site.getsockname()[1]}")
        errors = io.StringIO()
        with pytest.raises(SystemExit):
            call_command("fetch_models", "htdemucs", stderr=errors)
        assert errors.getvalue().startswith("licence_refused: ")
        with pytest.raises(TimeoutError):
            site.accept()


def test_the_list_of_models_says_what_is_not_offered() -> None:
    said = io.StringIO()
    call_command("models", json=True, stdout=said)
    rows = {row["model"] or row["separator"]: row for row in json.loads(said.getvalue())}
    assert rows["spectral"]["is_offered"] is True
    assert rows["htdemucs"]["is_offered"] is False
    assert rows["htdemucs"]["licence_state"] == "research_only"
    assert rows["auto"]["is_offered"] is True and rows["remote"]["is_offered"] is False


def test_a_plug_in_is_offered_by_its_name(settings: Settings) -> None:
    SeparatorFactory.register_separator("homemade", FakeSeparator)
    try:
        with pytest.raises(LicenceRefused, match="homemade"):
            check_request(request=parse_request({"separator": "homemade"}))
        settings.MODEL_LICENCES = ["granted", "homemade"]
        check_request(request=parse_request({"separator": "homemade"}))
    finally:
        SeparatorFactory.unregister_separator("homemade")
