"""A song that is kept here is separated again by another separator, from the page of a result."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.models import AudioUse, Job
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, set_quota
from tests.jobs.comparing.conftest import RESULT

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(client: Client, owner: "User", settings: Settings) -> Client:
    """Of a site that fetches what it has not."""
    settings.OFFLINE = False
    client.force_login(owner)
    return client


def send(visitor: Client, job: Job, model: str = "demucs:mdx_extra") -> str:
    """The page to which the button leads."""
    return visitor.post(f"/jobs/{job.pk}/again/", {"model": model}, follow=True).content.decode()


def made(job: Job) -> Job:
    (other,) = Job.objects.exclude(pk=job.pk)
    return other


def test_the_same_song_is_queued_with_the_same_choices_but_for_the_separator(
    visitor: Client, result: RESULT
) -> None:
    chosen = SeparationRequest(separator="spectral", format="mp3", stages=("separation",))
    job = result("spectral spectral", request=chosen)
    answer = visitor.post(f"/jobs/{job.pk}/again/", {"model": "demucs:mdx_extra"})
    new = made(job)
    assert answer.url == f"/jobs/{new.pk}/"  # type: ignore[attr-defined]
    assert (new.owner, new.source, new.status) == (job.owner, job.source, "pending")
    assert new.request == {**job.request, "separator": "demucs", "model": "mdx_extra"}
    assert [stage.name for stage in new.stages.all()] == [
        "prepare", "separation", "listening", "quality", "export",
    ]  # fmt: skip


def test_settings_of_the_model_and_the_name_of_the_preset_do_not_go_on_to_another(
    visitor: Client, result: RESULT
) -> None:
    chosen = SeparationRequest(separator="spectral", preset="best", shifts=2, overlap=0.5, seed=4)
    job = result("spectral spectral", request=chosen)
    send(visitor, job)
    usual = SeparationRequest(separator="demucs", model="mdx_extra")
    assert made(job).request == usual.model_dump(mode="json")


def test_every_separator_is_offered_but_the_one_that_ran(visitor: Client, result: RESULT) -> None:
    page = visitor.get(f"/jobs/{result('demucs htdemucs').pk}/").content.decode()
    offered = re.findall(r'<option value="([\w:]+)"', page[page.index('id="again_model"') :])
    assert "spectral:spectral" in offered
    assert "demucs:mdx_extra" in offered
    assert "demucs:htdemucs" not in offered
    assert "auto" not in offered


def test_a_job_that_names_no_model_was_made_by_the_usual_one(
    visitor: Client, result: RESULT
) -> None:
    job = result("spectral spectral", manifest={"separation": {}})
    page = visitor.get(f"/jobs/{job.pk}/").content.decode()
    assert '<option value="spectral:spectral"' not in page


def test_pressed_twice_it_makes_one_job(visitor: Client, result: RESULT) -> None:
    job = result()
    send(visitor, job)
    send(visitor, job)
    assert Job.objects.count() == 2
    send(visitor, job, "spectral:spectral")
    assert Job.objects.count() == 3


def test_it_counts_as_an_upload_of_the_song_does(visitor: Client, result: RESULT) -> None:
    job = result()
    send(visitor, job)
    assert AudioUse.objects.get(job=made(job).pk).seconds == job.source.duration_s


@pytest.mark.parametrize(
    ("limit", "said"),
    [({"active_jobs": 1}, "1 are allowed"), ({"stored_bytes": 1}, "There is no room")],
    ids=["jobs", "storage"],
)
def test_a_full_account_is_told_so(
    visitor: Client, owner: "User", result: RESULT, limit: dict[str, Any], said: str
) -> None:
    job = result()
    make_job(owner=owner)
    set_quota(owner, **limit)
    assert said in send(visitor, job)
    assert Job.objects.count() == 2


def test_stems_that_the_other_model_has_not_are_refused_in_words(
    visitor: Client, result: RESULT
) -> None:
    job = result(
        request=SeparationRequest(separator="demucs", model="htdemucs_6s", stems=("guitar",))
    )
    assert "guitar" in send(visitor, job, "spectral:spectral")
    assert Job.objects.count() == 1


@pytest.mark.parametrize("model", ["", "tuba:tuba"])
def test_a_separator_that_is_not_there_is_refused(
    visitor: Client, result: RESULT, model: str
) -> None:
    assert "Separate this song again with:" in send(visitor, result(), model)
    assert Job.objects.count() == 1


def test_a_song_that_is_gone_is_refused(visitor: Client, result: RESULT) -> None:
    job = result()
    job.source.path.unlink()
    assert "Upload it again" in send(visitor, job)
    assert Job.objects.count() == 1


def test_only_the_owner_can_do_it_and_by_no_link(
    client: Client, stranger: "User", result: RESULT
) -> None:
    address = f"/jobs/{result().pk}/again/"
    assert client.post(address).status_code == 302
    client.force_login(stranger)
    assert client.post(address, {"model": "spectral:spectral"}).status_code == 404
    assert client.get(address).status_code == 405
    assert Job.objects.count() == 1
