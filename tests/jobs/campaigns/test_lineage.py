"""Where a version comes from is told to whoever writes its manifest."""

from django.contrib.auth.models import User

from jobs.queue.claim import claim_next
from jobs.queue.lease import Lease
from jobs.services.campaigns.advance import advance_campaigns
from jobs.worker.attempt import job_spec
from tests.factories import make_job
from tests.jobs.campaigns.world import make_song, start


def test_a_runner_is_told_which_job_a_version_replaces(owner: User) -> None:
    song = make_song()
    start()
    advance_campaigns()
    version = claim_next(worker="one")
    assert version is not None
    assert job_spec(version, Lease(version)).replaces == str(song.pk)
    make_job()
    alone = claim_next(worker="two")
    assert alone is not None
    assert job_spec(alone, Lease(alone)).replaces is None
