import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs.models import Artifact, Job
from jobs.models.job import JobStatus
from tests.factories import make_artifact, make_job, make_source

LIST = reverse("admin:jobs_job_changelist")


@pytest.fixture
def client(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def page(job: Job) -> str:
    return reverse("admin:jobs_job_change", args=[job.pk])


def act(client: Client, action: str, *jobs: Job) -> str:
    chosen = {"action": action, "_selected_action": [str(job.pk) for job in jobs]}
    return client.post(LIST, chosen, follow=True).content.decode()


def test_the_list_finds_jobs_by_owner_song_and_id(client: Client, owner: User) -> None:
    job = make_job(source=make_source(original_name="Needle.flac"))
    make_job(source=make_source(original_name="Hay.flac"))
    for term in ("needle", str(job.pk), job.pk.hex):
        found = client.get(LIST, {"q": term}).content.decode()
        assert ">Needle<" in found and ">Hay<" not in found, term
    assert ">Hay<" in client.get(LIST, {"q": owner.username}).content.decode()


def test_the_list_says_whether_anybody_works(client: Client) -> None:
    make_job()
    assert "No worker is running; 1 waiting, 0 running." in client.get(LIST).content.decode()


def test_the_list_can_be_narrowed(client: Client) -> None:
    make_job(source=make_source(original_name="Broken.wav"), status=JobStatus.FAILED)
    make_job(source=make_source(original_name="Patient.wav"))
    found = client.get(LIST, {"status__exact": "failed"}).content.decode()
    assert ">Broken<" in found and ">Patient<" not in found


def test_the_list_costs_as_many_queries_for_many_jobs_as_for_one(client: Client) -> None:
    make_job()
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for _ in range(5):
        make_job()
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(one)


def test_a_job_page_shows_stages_artifacts_error_and_manifest(client: Client) -> None:
    job = make_job(
        status=JobStatus.FAILED,
        error_code="corrupt_audio",
        error_detail="It <b>ends</b> early.",
        manifest={"version": "2.0", "input_file": "<script>"},
    )
    make_artifact(job, "vocals")
    shown = client.get(page(job)).content.decode()
    for text in ("harmonic_percussive", "spectral_output/vocals.wav", "corrupt_audio", "2.0"):
        assert text in shown, text
    assert "<script>&quot;" not in shown and "&lt;script&gt;" in shown
    assert "It &lt;b&gt;ends" in shown


def test_a_job_page_rounds_levels_and_shortens_digests(client: Client) -> None:
    job = make_job(status=JobStatus.COMPLETED, manifest={"version": "2.0"})
    sha256 = "0123456789abcdef" * 4
    Artifact.objects.filter(pk=make_artifact(job, "vocals").pk).update(
        sha256=sha256, loudness_lufs=-17.26543, true_peak_dbtp=-1.04321
    )
    shown = client.get(page(job)).content.decode()
    assert f'<code title="{sha256}">0123456789ab…</code>' in shown
    assert "-17.3<" in shown and "-1.0<" in shown
    assert "-17.26" not in shown and "-1.04" not in shown


def test_the_manifest_is_folded_away(client: Client) -> None:
    shown = client.get(page(make_job(manifest={"version": "2.0"}))).content.decode()
    folded = [part.partition("</summary>")[0] for part in shown.split("<details><summary>")[1:]]
    assert any("Record of the result" in heading for heading in folded)


def test_every_filter_and_the_search_have_words(client: Client) -> None:
    make_job()
    make_job(status=JobStatus.FAILED, error_code="corrupt_audio")
    shown = client.get(LIST).content.decode()
    assert '<a href="?error_code=">None</a>' in shown
    assert '<label for="searchbar">Number of the separation' in shown


def test_nothing_can_be_added_or_edited_by_hand(client: Client) -> None:
    job = make_job()
    assert client.get(reverse("admin:jobs_job_add")).status_code == 403
    assert client.post(page(job), {"status": "completed"}).status_code == 403
    job.refresh_from_db()
    assert job.status == JobStatus.PENDING


def test_retry_moves_what_it_may_and_says_why_not_the_rest(client: Client) -> None:
    failed, done = make_job(status=JobStatus.FAILED), make_job(status=JobStatus.COMPLETED)
    told = act(client, "retry", failed, done)
    failed.refresh_from_db()
    done.refresh_from_db()
    assert (failed.status, done.status) == (JobStatus.PENDING, JobStatus.COMPLETED)
    assert "1 separation waits again." in told
    assert "1 separation does not run again: Only a job that failed" in told


def test_cancel_stops_waiting_jobs_and_says_why_not_the_rest(client: Client) -> None:
    waiting, done = make_job(), make_job(status=JobStatus.COMPLETED)
    told = act(client, "cancel", waiting, done)
    waiting.refresh_from_db()
    assert waiting.status == JobStatus.CANCELLED
    assert "1 separation is cancelled." in told
    assert "already ended: completed" in told


def test_deleting_in_the_admin_removes_files_too(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(status=JobStatus.COMPLETED)
    artifact = make_artifact(job)
    song = job.source.path
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:jobs_job_delete", args=[job.pk]), {"post": "yes"})
    assert not Job.objects.filter(pk=job.pk).exists()
    assert not artifact.file.exists() and not song.exists()


def test_deleting_several_is_told_once(client: Client) -> None:
    jobs = [make_job(status=JobStatus.FAILED) for _ in range(2)]
    chosen = {
        "action": "delete_selected",
        "_selected_action": [str(job.pk) for job in jobs],
        "post": "yes",
    }
    shown = client.post(LIST, chosen, follow=True).content.decode()
    assert not Job.objects.exists()
    assert shown.count('<li class="success">') == 1
    assert "Successfully deleted 2 separations." in shown


def test_a_running_job_cannot_be_deleted(client: Client) -> None:
    job = make_job(status=JobStatus.PROCESSING)
    answer = client.post(reverse("admin:jobs_job_delete", args=[job.pk]), {"post": "yes"})
    assert answer.status_code == 403
    act(client, "delete_selected", job)
    assert Job.objects.filter(pk=job.pk).exists()


def test_who_is_not_staff_sees_nothing(client: Client, stranger: User) -> None:
    job = make_job()
    client.force_login(stranger)
    assert client.get(page(job)).status_code == 302
    assert client.get(LIST).status_code == 302
