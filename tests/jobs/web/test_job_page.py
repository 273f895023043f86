"""What the page of a job says in each state, and what its buttons do."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from jobs.models import Artifact, Job, Stage
from jobs.models.job import JobStatus
from jobs.models.stage import StageStatus
from tests.factories import make_artifact, make_job

TRACKS = {
    "vocals": "separation",
    "residual": "separation",
    "harmonic": "harmonic_percussive",
    "instrumental": "composite",
    "vocals_normalized": "normalization",
}


def page(client: Client, job: Job, name: str = "detail") -> Any:
    client.force_login(job.owner)
    return client.get(reverse(f"jobs:{name}", args=[job.pk]))


def text(client: Client, job: Job, name: str = "detail") -> str:
    return page(client, job, name).content.decode()


def finished_job() -> Job:
    job = make_job(status=JobStatus.COMPLETED, manifest={"separation": {"model": "spectral"}})
    for name, stage in TRACKS.items():
        make_artifact(job, name, stage_name=stage, loudness_lufs=-14.25, true_peak_dbtp=-1.0)
    return job


def test_a_running_job_shows_its_bar_stage_and_time_left(client: Client, owner: User) -> None:
    job = make_job(
        owner=owner,
        status=JobStatus.PROCESSING,
        progress_percent=47.2,
        progress_stage="separation",
        progress_message="Separating stems with spectral",
        eta_s=73.0,
        stages={"prepare": StageStatus.COMPLETED, "separation": StageStatus.PROCESSING},
    )
    shown = text(client, job)
    assert 'max="100" value="47.2"' in shown
    assert "Separating stems with spectral" in shown
    assert "about 75 s left" in shown
    assert shown.count('aria-current="step"') == 1
    assert 'hx-trigger="every 1s"' in shown
    assert '<noscript><meta http-equiv="refresh"' in shown


def test_the_waveform_of_the_song_stands_before_its_bar(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING, progress_percent=40.0)
    assert '<svg class="filling__stencil' not in text(client, job)
    Stage.objects.filter(job=job, name="prepare").update(details={"outline": [0, 50, 100]})
    for name in ("detail", "progress"):
        shown = text(client, job, name)
        assert 'viewBox="0 0 6 100"' in shown
        # Silence is a thin line; a hole is as high as its level.
        assert "M0 0H6V100H0zM0.35 48.5h1.3v3h-1.3zM2.35 25h1.3v50h-1.3z" in shown
        assert shown.count("<progress ") == 1
        assert 'value="40.0" aria-label="Progress of the job"' in shown


def test_a_job_that_runs_is_nowhere_shown_as_done(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING, progress_percent=99.9)
    for shown in (text(client, job), client.get(reverse("jobs:history")).content.decode()):
        assert "100 %" not in shown
        assert re.search(r"\b99(<span>)? %", shown)


def test_a_waiting_job_says_that_no_worker_is_there(client: Client, owner: User) -> None:
    assert "No worker is running" in text(client, make_job(owner=owner))


def test_polling_ends_by_loading_the_page_anew(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    assert "HX-Refresh" not in page(client, job, "progress")
    Job.objects.filter(pk=job.pk).update(status=JobStatus.COMPLETED, lease_token=None)
    assert page(client, job, "progress")["HX-Refresh"] == "true"
    assert "hx-get" not in text(client, job)


def test_polling_after_logging_out_loads_the_page_anew(client: Client, owner: User) -> None:
    address = reverse("jobs:progress", args=[make_job(owner=owner).pk])
    answer = client.get(address, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"], answer.content) == (200, "true", b"")


def test_a_stage_that_will_not_run_is_not_called_waiting(client: Client, owner: User) -> None:
    assert "Not run" in text(client, make_job(owner=owner, status=JobStatus.CANCELLED))
    assert "Not run" not in text(client, make_job(owner=owner))


def test_polling_brings_the_badge_up_to_date(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    client.force_login(owner)
    address = reverse("jobs:progress", args=[job.pk])
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'id="job-status" hx-swap-oob="true"' in fragment
    assert text(client, job).count('id="job-status"') == 1


def test_the_fragment_is_not_a_whole_page(client: Client, owner: User) -> None:
    shown = text(client, make_job(owner=owner), "progress")
    assert "<progress" in shown
    assert "<html" not in shown


def test_a_finished_job_offers_every_track_to_play_and_to_keep(client: Client, owner: User) -> None:
    job = finished_job()
    shown = text(client, job)
    for name in TRACKS:
        assert f'src="{reverse("jobs:listen", args=[job.pk, name])}"' in shown
        assert f'href="{reverse("jobs:track", args=[job.pk, name])}"' in shown
    assert shown.count('<details class="tracks">') == 3
    for title in ("Stems", "Harmonic and percussive", "Composites", "Normalized copies"):
        assert f">{title}</h3>" in shown
    assert "−14.2 LUFS" in shown  # noqa: RUF001  # the true minus sign is meant
    assert reverse("jobs:archive", args=[job.pk]) in shown


def test_a_finished_job_takes_few_queries_however_many_tracks(
    client: Client, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = finished_job()
    client.force_login(owner)
    with django_assert_num_queries(6):  # session, account, job, stages, tracks, versions
        client.get(reverse("jobs:detail", args=[job.pk]))


def test_polling_takes_few_queries(
    client: Client, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    client.force_login(owner)
    with django_assert_num_queries(4):  # session, account, job, stages
        client.get(reverse("jobs:progress", args=[job.pk]))


def test_warnings_of_the_job_are_shown(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.COMPLETED, warnings=["Spectral: <no> weights."])
    assert "Spectral: &lt;no&gt; weights." in text(client, job)


BASIC = "Made with the basic method; a better model is not installed."
FELL_BACK = "Separated with Standard, as Hybrid Transformer Demucs was not available"


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.PROCESSING])
def test_a_job_that_fell_back_shows_a_small_line_and_no_reason(
    client: Client, owner: User, status: JobStatus
) -> None:
    warning = f"{FELL_BACK}: No way to <huggingface.co>."
    job = make_job(owner=owner, status=status, warnings=[warning])
    shown = text(client, job)
    assert f'<p class="remark">{BASIC}</p>' in shown
    assert "huggingface" not in shown and "notice--info" not in shown


@pytest.mark.parametrize(
    "warning",
    [
        "Separated with htdemucs: its weights are here.",
        "This job ran on the CPU, not on a GPU: `STEMSITE_DEVICE` is cpu.",
        "OpenVINO could not run htdemucs, so torch did: no such plug-in.",
    ],
)
def test_what_concerns_the_operator_alone_is_told_to_nobody_else(
    client: Client, owner: User, staff: User, warning: str
) -> None:
    job = make_job(owner=owner, status=JobStatus.COMPLETED, warnings=[warning])
    shown = text(client, job)
    assert "remark" not in shown and warning not in shown
    job = make_job(owner=staff, status=JobStatus.COMPLETED, warnings=[warning])
    assert re.sub("`([^`]*)`", r"<code>\1</code>", warning) in text(client, job)


@pytest.mark.parametrize("code", ["model_unavailable", "licence_refused"])
def test_how_to_install_a_model_is_told_to_the_operator_alone(
    client: Client, owner: User, staff: User, code: str
) -> None:
    told = "Run python manage.py fetch_models htdemucs."
    for person in (owner, staff):
        job = make_job(owner=person, status=JobStatus.FAILED, error_code=code, error_detail=told)
        Stage.objects.filter(job=job, name="separation").update(
            status=StageStatus.FAILED, error_code=code, error_detail=told
        )
        shown = text(client, job)
        assert (told in shown) == (person == staff)
        assert ("is not available on this site" in shown) == (person == owner)


def test_whoever_may_look_at_jobs_is_led_to_the_reason(client: Client, staff: User) -> None:
    job = make_job(owner=staff, status=JobStatus.COMPLETED, warnings=[f"{FELL_BACK}: No way."])
    address = reverse("admin:jobs_job_change", args=[job.pk])
    shown = text(client, job)
    assert f'{BASIC} <a href="{address}">Why</a>' in shown
    assert f"{FELL_BACK}: No way." in shown
    assert f"{FELL_BACK}: No way." in client.get(address).content.decode()


def test_a_failed_job_says_why_and_offers_a_retry(client: Client, owner: User) -> None:
    job = make_job(
        owner=owner,
        status=JobStatus.FAILED,
        error_code="out_of_memory",
        error_detail="Too little memory.",
    )
    shown = text(client, job)
    assert "Too little memory." in shown
    assert "out_of_memory" in shown
    client.post(reverse("jobs:retry", args=[job.pk]))
    job.refresh_from_db()
    assert job.status == JobStatus.PENDING


def test_the_cancel_button_cancels(client: Client, owner: User) -> None:
    job = make_job(owner=owner)
    assert reverse("jobs:cancel", args=[job.pk]) in text(client, job)
    client.post(reverse("jobs:cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert "You cancelled this job" in text(client, job)


def test_cancelling_what_has_ended_says_so(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.COMPLETED)
    client.force_login(owner)
    answer = client.post(reverse("jobs:cancel", args=[job.pk]), follow=True)
    assert "already ended" in answer.content.decode()


def test_deleting_asks_first_and_then_removes_files(
    client: Client,
    owner: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = finished_job()
    file = Artifact.objects.filter(job=job).first().file  # type: ignore[union-attr]
    assert "cannot be undone" in text(client, job, "delete")
    assert file.is_file()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("jobs:delete", args=[job.pk]))
    assert answer.headers["Location"] == reverse("jobs:history")
    assert not Job.objects.filter(pk=job.pk).exists()
    assert not file.exists()


def test_a_running_job_is_not_deleted(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    client.force_login(owner)
    answer = client.post(reverse("jobs:delete", args=[job.pk]), follow=True)
    assert "cancel it first" in answer.content.decode()
    assert Job.objects.filter(pk=job.pk).exists()


def test_part_of_a_track_can_be_asked_for(client: Client, owner: User) -> None:
    job = finished_job()
    client.force_login(owner)
    address = reverse("jobs:listen", args=[job.pk, "vocals"])
    answer = client.get(address, headers={"Range": "bytes=0-3"})
    assert answer.status_code == 206
    assert b"".join(answer.streaming_content) == b"RIFF"  # type: ignore[attr-defined]
    assert answer.headers["Content-Disposition"].startswith("inline")
    kept = client.get(reverse("jobs:track", args=[job.pk, "vocals"]))
    assert kept.headers["Content-Disposition"].startswith("attachment")


def test_a_track_that_is_not_there_is_404(client: Client, owner: User) -> None:
    job = finished_job()
    client.force_login(owner)
    assert client.get(reverse("jobs:track", args=[job.pk, "tuba"])).status_code == 404


def test_the_archive_of_an_unfinished_job_leads_back_with_the_reason(
    client: Client, owner: User
) -> None:
    job = make_job(owner=owner)
    client.force_login(owner)
    answer = client.get(reverse("jobs:archive", args=[job.pk]), follow=True)
    assert "not finished yet" in answer.content.decode()


def test_the_manifest_is_that_of_the_row(client: Client, owner: User) -> None:
    assert page(client, finished_job(), "manifest").json() == {"separation": {"model": "spectral"}}


def test_a_poll_that_brings_nothing_new_has_no_body(client: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    first = page(client, job, "progress")
    address = reverse("jobs:progress", args=[job.pk])
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Job.objects.filter(pk=job.pk).update(progress_percent=60)
    moved = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert moved.status_code == 200
    assert "60" in moved.content.decode()


def test_a_browser_may_keep_the_progress_but_asks_each_time(client: Client, owner: User) -> None:
    answer = page(client, make_job(owner=owner, status=JobStatus.PROCESSING), "progress")
    assert answer["Cache-Control"] == "private, no-cache"
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize(
    ("name", "arguments"), [("track", ["vocals"]), ("listen", ["vocals"]), ("archive", [])]
)
def test_sound_that_was_deleted_is_410_and_its_page_leads_to_what_is_left(
    client: Client, owner: User, name: str, arguments: list[str]
) -> None:
    job = finished_job()
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=job.created_at)
    client.force_login(owner)
    answer = client.get(reverse(f"jobs:{name}", args=[job.pk, *arguments]))
    assert answer.status_code == 410
    said = answer.content.decode()
    assert "The audio of this job was deleted on" in said
    for place in ("detail", "manifest"):
        address = reverse(f"jobs:{place}", args=[job.pk])
        assert f'href="{address}"' in said
        assert client.get(address).status_code == 200
