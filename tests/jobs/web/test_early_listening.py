"""Stems are heard as soon as they are playable, before their files are written, by their owner."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.models import Job, Stage
from jobs.models.job import JobStatus
from jobs.models.stage import StageStatus
from jobs.services.housekeeping.expire import expire_work
from jobs.services.listening.index import COVER, FOLDER, INDEX
from tests.factories import make_artifact, make_job
from tests.listening_files import write_listening

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from pytest_django.fixtures import Settings

STEMS = ("drums", "vocals")
PLAYABLE = {"prepare": "completed", "separation": "completed", "listening": "completed"}
PATHS = ("mixer.json", "previews/vocals/", "peaks/vocals/", "waveform.svg")


def early_job(owner: "User", stages: dict[str, str] | None = None, **fields: Any) -> Job:
    """Separated and made playable; no file is delivered."""
    job = make_job(owner=owner, stages=stages or PLAYABLE, **{"status": "processing", **fields})
    random = np.random.default_rng(3)
    sounds = {name: random.normal(0, 0.1, (2, 22_050)).astype(np.float32) for name in STEMS}
    part = {("drums__kick", "drums"): sounds["drums"]}
    write_listening(job.directory, sounds, parts=part, preview_gain_db=-3.0, gain_db=1.0)
    return job


@pytest.fixture
def member(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def shown(client: Client, job: Job) -> str:
    return client.get(f"/jobs/{job.pk}/").content.decode()


@pytest.mark.parametrize("status", ["processing", "pending"])
def test_a_job_that_runs_or_waits_again_has_a_mixer_once_its_stems_are_playable(
    member: Client, owner: "User", status: str
) -> None:
    job = early_job(owner, status=status)
    page = shown(member, job)
    assert "Listen now" in page and 'hx-trigger="every 1s"' in page
    assert [page.count(f'data-lane="{name}"') for name in (*STEMS, "drums__kick")] == [1, 1, 1]
    for path in PATHS:
        assert member.get(f"/jobs/{job.pk}/{path}").status_code == 200


def test_without_a_script_the_page_shows_nothing_new(member: Client, owner: "User") -> None:
    page = shown(member, early_job(owner))
    assert "data-early hidden>" in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_files_are_promised_and_not_offered(member: Client, owner: "User") -> None:
    job = early_job(owner)
    page = shown(member, job)
    assert page.count("its file is not written yet") == 3
    assert "when the files are written" in page
    assert f"/jobs/{job.pk}/tracks/" not in page and f"/jobs/{job.pk}/mix/" not in page
    for answer in (
        member.get(f"/jobs/{job.pk}/tracks/vocals/", follow=True),
        member.post(f"/jobs/{job.pk}/mix/", {"karaoke": "without"}, follow=True),
    ):
        assert "The job is not finished yet" in answer.content.decode()


@pytest.mark.parametrize("listening", ["pending", "processing", "failed"])
def test_there_is_none_before_the_stage_has_ended(
    member: Client, owner: "User", listening: str
) -> None:
    job = early_job(owner, {**PLAYABLE, "listening": listening})
    (job.directory / COVER).write_bytes(b"picture")
    page = shown(member, job)
    assert "data-mixer" not in page and "cover.jpg" not in page
    for path in (*PATHS, "cover.jpg"):
        assert member.get(f"/jobs/{job.pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", [*PATHS, "", "progress/"])
def test_a_stranger_gets_404_and_who_is_logged_out_the_log_in_page(
    client: Client, owner: "User", stranger: "User", path: str
) -> None:
    address = f"/jobs/{early_job(owner).pk}/{path}"
    assert client.get(address).status_code == 302
    client.force_login(stranger)
    assert client.get(address).status_code == 404


def test_the_polled_part_tells_when_to_fetch_the_mixer(member: Client, owner: "User") -> None:
    job = early_job(owner, {**PLAYABLE, "listening": "processing"})
    assert "data-playable" not in member.get(f"/jobs/{job.pk}/progress/").content.decode()
    Stage.objects.filter(job=job, name="listening").update(status=StageStatus.COMPLETED)
    assert "data-playable" in member.get(f"/jobs/{job.pk}/progress/").content.decode()


def test_the_api_tells_its_owner_and_nobody_else(owner: "User", stranger: "User") -> None:
    job = early_job(owner, {**PLAYABLE, "listening": "processing"})
    api = APIClient()
    api.force_authenticate(owner)
    assert api.get(f"/api/v1/jobs/{job.pk}").json()["playable"] is False
    Stage.objects.filter(job=job, name="listening").update(status=StageStatus.COMPLETED)
    assert api.get(f"/api/v1/jobs/{job.pk}").json()["playable"] is True
    api.force_authenticate(stranger)
    assert api.get(f"/api/v1/jobs/{job.pk}").status_code == 404


def gains(client: Client, job: Job) -> list[float]:
    song = client.get(f"/jobs/{job.pk}/mixer.json").json()
    return [stem["gain"] for stem in song["stems"]]


def test_a_player_is_told_the_gain_from_the_previews_to_the_files(
    member: Client, owner: "User"
) -> None:
    job = early_job(owner)
    # As the index expects them.
    assert gains(member, job) == pytest.approx([10 ** (1.0 / 20)] * 3)
    Job.objects.filter(pk=job.pk).update(status=JobStatus.COMPLETED, lease_token=None)
    make_artifact(job, "vocals_normalized", stage_name="normalization", gain_db=-9.0)
    for name in STEMS:
        make_artifact(job, name, gain_db=-5.0)
    # As they are: 2 dB below previews that were lowered by 3.
    assert gains(member, job) == pytest.approx([10 ** (-2.0 / 20)] * 3)


def test_previews_of_before_have_the_gain_of_their_tracks(member: Client, owner: "User") -> None:
    job = make_job(owner=owner, status="completed")
    make_artifact(job, "vocals", gain_db=-5.0)
    write_listening(job.directory, {"vocals": np.zeros((2, 4410), np.float32)})
    assert gains(member, job) == [1.0]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_was_playable_stays_so_after_a_bad_end(
    member: Client, owner: "User", status: str
) -> None:
    job = early_job(owner, status=status)
    page = shown(member, job)
    assert page.count("data-lane=") == 3
    assert "There are no files of them: a retry writes these." in page
    assert "data-mix-button" not in page and 'id="share"' not in page
    assert "is not written yet" not in page
    assert member.get(f"/jobs/{job.pk}/previews/vocals/").status_code == 200


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_ended_before_its_stems_were_playable_has_no_mixer(
    member: Client, owner: "User", status: str
) -> None:
    page = shown(member, make_job(owner=owner, status=status, stages={"prepare": "completed"}))
    assert "data-mixer" not in page and "can be heard here" not in page


def test_it_goes_with_the_work_of_a_job_that_is_not_taken_up_again(
    member: Client, owner: "User", settings: "Settings"
) -> None:
    settings.WORK_RETENTION_HOURS = 1
    job = early_job(owner, status="failed")
    assert expire_work() == 0
    Job.objects.update(completed_at=timezone.now() - timedelta(hours=2))
    assert expire_work() == 1
    assert not (job.directory / FOLDER).exists()
    assert "data-mixer" not in shown(member, job)
    assert member.get(f"/jobs/{job.pk}/mixer.json").status_code == 404


def test_it_goes_with_a_job_that_is_deleted(
    member: Client, owner: "User", django_capture_on_commit_callbacks: Any
) -> None:
    job = early_job(owner, status="cancelled")
    with django_capture_on_commit_callbacks(execute=True):
        member.post(f"/jobs/{job.pk}/delete/")
    assert not job.directory.exists()


def test_audio_that_was_deleted_is_not_played(member: Client, owner: "User") -> None:
    job = early_job(owner, status="failed", audio_deleted_at=timezone.now())
    assert "data-mixer" not in shown(member, job)
    assert member.get(f"/jobs/{job.pk}/mixer.json").status_code == 404


def test_an_unreadable_index_costs_the_mixer_and_not_the_page(
    member: Client, owner: "User"
) -> None:
    job = early_job(owner)
    (job.directory / INDEX).write_text("{")
    assert "data-mixer" not in shown(member, job)


@pytest.mark.parametrize("status", ["processing", "failed"])
def test_it_is_neither_shared_nor_compared_before_it_is_completed(
    member: Client, owner: "User", status: str
) -> None:
    job = early_job(owner, status=status)
    shared = APIClient()
    shared.force_authenticate(owner)
    assert shared.post(f"/api/v1/jobs/{job.pk}/shares", {}).status_code == 409
    other = make_job(owner=owner, source=job.source, status="completed")
    answer = member.get(f"/jobs/{job.pk}/compare/{other.pk}/")
    assert answer.status_code == 409 and b"cannot be heard" in answer.content
