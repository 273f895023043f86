from django.contrib.auth.models import AnonymousUser, User

from jobs.models import Artifact, Job, Source
from tests.factories import make_artifact, make_job


def test_rows_are_visible_to_their_owner_only(owner: User, stranger: User, staff: User) -> None:
    job = make_job(owner=owner)
    artifact = make_artifact(job)
    for model, row in ((Job, job), (Source, job.source), (Artifact, artifact)):
        assert list(model.objects.visible_to(owner)) == [row]
        for other in (stranger, staff, AnonymousUser()):
            assert not model.objects.visible_to(other).exists(), (model, other)
