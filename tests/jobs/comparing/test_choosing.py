"""The page of a result says with which other results of its song it can be compared."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from jobs.models import Job, Source
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source, wav_bytes
from tests.jobs.campaigns.world import start
from tests.jobs.comparing.conftest import RESULT

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db
NONE_YET = "There is no other result of this song yet"


@pytest.fixture
def visitor(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def section(visitor: Client, job: Job) -> str:
    page = visitor.get(f"/jobs/{job.pk}/").content.decode()
    return page[page.index('id="compare"') :].partition("</section>")[0]


def links(section: str) -> list[str]:
    return re.findall(r'href="(/jobs/[^"]+/compare/[^"]+)"', section)


def test_other_results_of_the_same_bytes_are_listed_newest_first(
    visitor: Client, owner: "User", result: RESULT
) -> None:
    job = result()
    days = [timezone.now() - timedelta(days=age) for age in (3, 1)]
    old = result("spectral spectral", created_at=days[0], completed_at=days[0])
    # Sent a second time, under another name.
    twin = make_source(owner=owner, original_name="Copy.wav")
    new = result("demucs mdx_extra", source=twin, created_at=days[1], completed_at=days[1])
    shown = section(visitor, job)
    assert links(shown) == [f"/jobs/{job.pk}/compare/{each.pk}/" for each in (new, old)]
    assert shown.index("demucs mdx_extra") < shown.index(", spectral<")
    assert f"{days[0]:%-d %b %Y, %H:%M}" in shown
    assert NONE_YET not in shown


def test_what_cannot_be_heard_or_is_somebody_elses_is_not_listed(
    visitor: Client, owner: "User", stranger: "User", source: Source, result: RESULT
) -> None:
    job = result()
    result("demucs old", stems=())
    result("demucs gone", audio_deleted_at=timezone.now())
    result("demucs theirs", source=make_source(owner=stranger))
    result("demucs elsewhere", source=make_source(owner=owner, content=wav_bytes(seed=9)))
    make_job(owner=owner, source=source, status="failed")
    shown = section(visitor, job)
    assert links(shown) == []
    assert NONE_YET in shown
    assert 'href="#again"' in shown


def test_a_result_that_is_on_its_way_is_named(
    visitor: Client, owner: "User", source: Source, result: RESULT
) -> None:
    job = result()
    coming = make_job(owner=owner, source=source)
    shown = section(visitor, job)
    assert f'href="/jobs/{coming.pk}/"' in shown
    assert "is on its way" in shown
    assert NONE_YET not in shown


def test_a_result_without_stems_offers_no_comparison(visitor: Client, result: RESULT) -> None:
    page = visitor.get(f"/jobs/{result(stems=()).pk}/").content.decode()
    assert 'id="compare"' not in page
    assert "#compare" not in page


def test_a_newer_version_is_compared_before_it_is_accepted(visitor: Client, result: RESULT) -> None:
    job = result()
    campaign = start()
    held = Job.objects.create(
        owner=job.owner, source=job.source, campaign=campaign, replaces=job, request={}, pipeline=[]
    )
    assert "is on its way" not in section(visitor, job)
    held.delete()
    version = result("demucs mdx_extra", campaign=campaign, replaces=job)
    page = visitor.get(f"/jobs/{job.pk}/").content.decode()
    assert links(page) == [f"/jobs/{job.pk}/compare/{version.pk}/"] * 2


def test_a_preview_is_compared_with_previews_only(visitor: Client, result: RESULT) -> None:
    preview = SeparationRequest(preset="preview", range_length_s=30.0)
    whole, first, second = result(), result(request=preview), result(request=preview)
    assert links(section(visitor, whole)) == []
    assert links(section(visitor, first)) == [f"/jobs/{first.pk}/compare/{second.pk}/"]
