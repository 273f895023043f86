import pytest
from django.contrib.auth.models import User
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from jobs.errors import SourceMissing
from jobs.models import Job, Source
from jobs.models.job import JobStatus
from jobs.services.job.create import create_job, discard_source_if_unused
from jobs.services.job.request_validation import request_with_defaults
from separation.errors import InvalidOptions, QuotaExceeded
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source

SPECTRAL = SeparationRequest(separator="spectral", format="flac24")


def test_a_job_waits_with_its_stages_in_order(owner: User) -> None:
    job = create_job(owner=owner, source=make_source(), request=SPECTRAL)
    assert job.status == JobStatus.PENDING
    stages = list(job.stages.all())
    assert [stage.name for stage in stages] == [stage["name"] for stage in job.pipeline]
    assert [stage.name for stage in stages][:2] == ["prepare", "separation"]
    assert stages[-1].params["format"] == "flac24"
    assert all(stage.version >= 1 and stage.processor_type for stage in stages)
    assert SeparationRequest.model_validate(job.request) == SPECTRAL


def test_a_ticket_is_put_when_the_job_is_committed_and_names_no_job(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    source = make_source()
    with django_capture_on_commit_callbacks(execute=True):
        create_job(owner=owner, source=source, request=SPECTRAL)
        assert not OrmQ.objects.exists()
    ticket = OrmQ.objects.get()
    assert ticket.func() == "jobs.worker.tasks.run_next"
    assert ticket.args() == ("interactive",)


def test_one_job_too_many_is_refused(owner: User, stranger: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 2
    source = make_source()
    make_job(owner=owner, status=JobStatus.COMPLETED)
    make_job(owner=stranger)
    make_job(owner=owner, status=JobStatus.PROCESSING)
    create_job(owner=owner, source=source, request=SPECTRAL)
    with pytest.raises(QuotaExceeded, match="2 are allowed"):
        create_job(owner=owner, source=source, request=SPECTRAL)
    assert Job.objects.active().filter(owner=owner).count() == 2


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"separator": "magic"}, "no separator 'magic'"),
        ({"separator": "spectral", "stems": ("piano",)}, "no stem 'piano'"),
        ({"separator": "auto", "two_stems": "guitar"}, "no stem 'guitar'"),
        ({"separator": "demucs", "model": "htdemucs", "stems": ("piano",)}, "no stem 'piano'"),
        ({"separator": "demucs", "model": "htdemucs_9"}, "no model 'htdemucs_9'"),
        ({"separator": "demucs", "repo": "/etc"}, "operator"),
        ({"separator": "spectral", "stems": ()}, "at least one stem"),
    ],
)
def test_what_could_only_fail_later_is_refused_before_the_queue(
    owner: User, choices: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidOptions, match=said):
        create_job(
            owner=owner, source=make_source(), request=SeparationRequest.model_validate(choices)
        )
    assert not Job.objects.exists()


def test_a_stem_that_only_a_larger_model_has_is_accepted_for_it(owner: User) -> None:
    request = SeparationRequest(separator="demucs", model="htdemucs_6s", stems=("piano",))
    assert create_job(owner=owner, source=make_source(), request=request).model_name


def test_a_song_that_is_gone_is_refused(owner: User) -> None:
    with pytest.raises(SourceMissing):
        create_job(owner=owner, source=make_source(content=b""), request=SPECTRAL)


def test_the_sites_defaults_stand_under_the_choices(settings: Settings) -> None:
    settings.DEFAULT_SEPARATOR, settings.DEFAULT_TARGET_DB = "spectral", -23.0
    assert request_with_defaults(options={}).separator == "spectral"
    chosen = request_with_defaults(options={"separator": "demucs"})
    assert (chosen.separator, chosen.target_db) == ("demucs", -23.0)
    with pytest.raises(InvalidOptions, match="-99"):
        request_with_defaults(options={"target_db": -99})


def test_a_song_goes_only_when_no_job_needs_it(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    used, unused = make_job().source, make_source()
    with django_capture_on_commit_callbacks(execute=True):
        assert discard_source_if_unused(source=unused)
        assert not discard_source_if_unused(source=used)
    assert list(Source.objects.all()) == [used]
    assert used.path.exists() and not unused.path.exists()
