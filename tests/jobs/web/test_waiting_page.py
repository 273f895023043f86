"""What the page of a waiting job says of its turn, and what it costs to ask again."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job, Worker
from jobs.models.job import JobStatus
from tests.factories import make_job, make_source


def add_worker() -> Worker:
    return Worker.objects.create(
        name="h:1", host="h", pid=1, cluster="stemsite", seen_at=timezone.now()
    )


def queue_of(owner: User, count: int) -> Job:
    """The last of so many waiting jobs."""
    source = make_source(owner=owner, content=b"", duration_s=60.0)
    now = timezone.now()
    ages = [timedelta(minutes=count - n) for n in range(count)]
    return [make_job(owner=owner, source=source, created_at=now - age) for age in ages][-1]


def fragment(client: Client, job: Job) -> str:
    address = reverse("jobs:progress", args=[job.pk])
    return client.get(address, headers={"HX-Request": "true"}).content.decode()


def test_a_waiting_job_tells_its_place_and_when_it_starts(client: Client, owner: User) -> None:
    add_worker()
    job = queue_of(owner, 3)
    client.force_login(owner)
    for shown in (fragment(client, job), client.get(f"/jobs/{job.pk}/").content.decode()):
        assert "3rd in line, starts within" in shown


def test_a_running_job_has_no_place(client: Client, owner: User) -> None:
    client.force_login(owner)
    shown = fragment(client, make_job(owner=owner, status=JobStatus.PROCESSING))
    assert "data-place" not in shown and "in line" not in shown


def test_only_staff_are_told_how_to_start_a_worker(
    client: Client, owner: User, staff: User
) -> None:
    client.force_login(owner)
    shown = fragment(client, queue_of(owner, 1))
    assert "No worker is running. The song keeps its place" in shown
    assert "stemworker" not in shown
    client.force_login(staff)
    shown = fragment(client, queue_of(staff, 1))
    assert "start one with <code>python manage.py stemworker</code>." in shown


def test_a_warning_shows_while_the_job_runs(client: Client, owner: User) -> None:
    said = "Runs on the processor; about 4 min <expected>."
    job = make_job(owner=owner, status=JobStatus.PROCESSING, warnings=[said])
    client.force_login(owner)
    assert "about 4 min &lt;expected&gt;." in fragment(client, job)


def test_polling_costs_as_many_queries_behind_two_hundred_jobs(client: Client, owner: User) -> None:
    add_worker()
    client.force_login(owner)
    counts = []
    for job in (queue_of(owner, 1), queue_of(owner, 200)):
        with CaptureQueriesContext(connection) as queries:
            assert "in line" in fragment(client, job)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_a_poll_that_brings_nothing_new_is_answered_empty(client: Client, owner: User) -> None:
    add_worker()
    job = queue_of(owner, 3)
    client.force_login(owner)
    address = reverse("jobs:progress", args=[job.pk])
    etag = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
