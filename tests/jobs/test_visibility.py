from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from jobs.models import Artifact, Job, ShareLink, Source
from tests.factories import make_artifact, make_job


def test_rows_are_visible_to_their_owner_only(owner: User, stranger: User, staff: User) -> None:
    job = make_job(owner=owner)
    artifact = make_artifact(job)
    link = ShareLink.objects.create(
        job=job, created_by=owner, stems=["vocals"], expires_at=timezone.now()
    )
    rows = ((Job, job), (Source, job.source), (Artifact, artifact), (ShareLink, link))
    for model, row in rows:
        assert list(model.objects.visible_to(owner)) == [row]
        for other in (stranger, staff, AnonymousUser()):
            assert not model.objects.visible_to(other).exists(), (model, other)
