"""What the API tells of a job's turn and of its time."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from jobs.models import Worker
from jobs.models.job import JobStatus
from tests.factories import make_job, make_source


def test_a_waiting_job_has_a_place_in_the_line(client: Client, owner: User) -> None:
    Worker.objects.create(name="h:1", host="h", pid=1, cluster="c", seen_at=timezone.now())
    source = make_source(duration_s=60.0)
    make_job(source=source, created_at=timezone.now() - timedelta(minutes=1))
    client.force_login(owner)
    told = client.get(f"/api/v1/jobs/{make_job().pk}").json()["waiting"]
    assert (told["position"], told["workers"]) == (2, 1)
    assert told["starts_in_s"] == 25.0
    assert told["detail"] == "2nd in line, starts within 25 s."


def test_without_a_worker_the_time_is_null(client: Client, owner: User) -> None:
    client.force_login(owner)
    told = client.get(f"/api/v1/jobs/{make_job().pk}").json()["waiting"]
    assert (told["position"], told["starts_in_s"], told["workers"]) == (1, None, 0)
    assert "manage.py" not in told["detail"]


def test_a_job_that_runs_tells_what_it_should_take_and_when_it_is_given_up(
    client: Client, owner: User
) -> None:
    client.force_login(owner)
    job = make_job(status=JobStatus.PROCESSING, expected_s=240.0, deadline_s=2400.0)
    told = client.get(f"/api/v1/jobs/{job.pk}").json()
    assert (told["waiting"], told["expected_s"], told["deadline_s"]) == (None, 240.0, 2400.0)


def test_a_strangers_place_is_not_told(client: Client, owner: User, stranger: User) -> None:
    client.force_login(stranger)
    assert client.get(f"/api/v1/jobs/{make_job(owner=owner).pk}").status_code == 404
