"""What the page of a job says while shorter songs of other people have a turn."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from jobs.models import Worker
from jobs.models.job import QueueRank
from tests.factories import make_job, make_user


def test_a_job_that_gave_way_says_why_and_when_it_goes_on(client: Client, db: None) -> None:
    owner = make_user()
    now = timezone.now()
    words = "A shorter song of somebody else has a turn; this one goes on at 43 %"
    job = make_job(
        owner=owner,
        queue_rank=QueueRank.GAVE_WAY,
        preempted_at=now,
        started_at=now - timedelta(minutes=5),
        progress_percent=43.2,
        progress_message=words,
        ran_s=300.0,
    )
    Worker.objects.create(name="h:1", host="h", pid=1, cluster="stemsite", seen_at=now)
    client.force_login(owner)
    page = client.get(f"/jobs/{job.pk}/progress/").content.decode()
    assert words in page and "Next in line, goes on in a moment." in page
    assert 'value="43.2"' in page
    assert "rying again" not in page and "failed" not in page.lower()
    told = client.get(f"/api/v1/jobs/{job.pk}").json()
    assert (told["status"], told["error"]) == ("pending", None)
    assert told["progress"]["message"] == words
    assert told["waiting"]["detail"] == "Next in line, goes on in a moment."
