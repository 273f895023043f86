"""What the owner of a song sees of a newer version, and that nobody else sees it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from jobs.models import Job
from jobs.services.campaigns.advance import advance_campaigns
from jobs.services.campaigns.versions import accept_version
from tests.jobs.campaigns.world import make_song, make_version, start

API = "/api/v1/jobs"
MOVES = ("accept", "dismiss")


@pytest.fixture
def song(owner: User) -> Job:
    return make_song()


@pytest.fixture
def version(song: Job) -> Job:
    return make_version(song)


def page(client: Client, job: Job) -> str:
    client.force_login(job.owner)
    return client.get(reverse("jobs:detail", args=[job.pk])).content.decode()


def address(move: str, job: Job) -> str:
    return reverse(f"jobs:{move}", args=[job.pk])


def in_history(client: Client) -> list[Job]:
    shown = client.get(reverse("jobs:history")).content.decode()
    return [job for job in Job.objects.all() if address("detail", job) in shown]


def api_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_the_old_page_offers_the_newer_version(client: Client, song: Job, version: Job) -> None:
    shown = page(client, song)
    assert "A newer version, made with spectral, is ready." in shown
    for name in ("detail", *MOVES):
        assert address(name, version) in shown, name
    assert "csrfmiddlewaretoken" in shown
    assert in_history(client) == [song]


def test_a_version_that_waits_is_not_offered_and_not_told_of(client: Client, song: Job) -> None:
    start()
    advance_campaigns()
    assert "newer version" not in page(client, song)
    assert in_history(client) == [song]


def test_the_version_can_be_listened_to_before_it_is_accepted(
    client: Client, song: Job, version: Job
) -> None:
    shown = page(client, version)
    assert "This is a newer version of" in shown and address("detail", song) in shown
    listen = reverse("jobs:listen", args=[version.pk, "vocals"])
    assert listen in shown
    assert client.get(listen).status_code == 200


def test_accepting_swaps_the_two_in_the_history(client: Client, song: Job, version: Job) -> None:
    client.force_login(song.owner)
    shown = client.post(address("accept", version), follow=True).content.decode()
    assert "in your library now" in shown and "older version" in shown
    assert address("accept", version) not in shown
    assert in_history(client) == [version]
    assert "This is an older version." in page(client, song)
    assert "comes back into the library" in (
        client.get(reverse("jobs:delete", args=[version.pk])).content.decode()
    )


def test_dismissing_leads_back_to_the_old_job(client: Client, song: Job, version: Job) -> None:
    client.force_login(song.owner)
    answer = client.post(address("dismiss", version), follow=True)
    assert answer.redirect_chain[-1][0] == address("detail", song)
    shown = answer.content.decode()
    assert "dismissed and its tracks are deleted" in shown and "is ready" not in shown
    assert in_history(client) == [song]
    told = client.post(address("accept", version), follow=True).content.decode()
    assert "its audio is deleted" in told


@pytest.mark.parametrize("move", MOVES)
def test_nobody_else_can_accept_or_dismiss(
    client: Client, song: Job, version: Job, stranger: User, staff: User, move: str
) -> None:
    answer = client.post(address(move, version))
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert APIClient().post(f"{API}/{version.pk}/{move}").status_code == 401
    for other in (stranger, staff):
        client.force_login(other)
        assert client.post(address(move, version)).status_code == 404
        assert client.get(address("detail", version)).status_code == 404
        assert client.get(reverse("jobs:listen", args=[version.pk, "vocals"])).status_code == 404
        assert api_of(other).post(f"{API}/{version.pk}/{move}").status_code == 404
    version.refresh_from_db()
    assert version.is_ready


@pytest.mark.parametrize("move", MOVES)
def test_a_link_or_a_form_of_another_site_changes_nothing(version: Job, move: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(version.owner)
    assert client.get(address(move, version)).status_code == 405
    assert client.post(address(move, version)).status_code == 403
    version.refresh_from_db()
    assert version.is_ready


def test_the_api_tells_of_versions_and_accepts_one(song: Job, version: Job) -> None:
    api = api_of(song.owner)
    listed = [row["job_id"] for row in api.get(API).json()["results"]]
    assert listed == [str(song.pk)]
    old = api.get(f"{API}/{song.pk}").json()
    assert old["replaces"] is None
    (offer,) = old["newer_versions"]
    assert (offer["job_id"], offer["separator"]) == (str(version.pk), "spectral")
    assert api.get(offer["url"]).json()["replaces"] == str(song.pk)
    accepted = api.post(f"{API}/{version.pk}/accept")
    assert accepted.status_code == 200 and accepted.json()["accepted_at"]
    assert [row["job_id"] for row in api.get(API).json()["results"]] == [str(version.pk)]
    assert api.get(f"{API}/{song.pk}").json()["newer_versions"] == []
    refused = api.post(f"{API}/{version.pk}/dismiss")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_the_api_dismisses_one(song: Job, version: Job) -> None:
    api = api_of(song.owner)
    assert api.post(f"{API}/{version.pk}/dismiss").json()["audio_deleted_at"]
    assert api.get(f"{API}/{song.pk}").json()["newer_versions"] == []
    assert api.post(f"{API}/{version.pk}/accept").status_code == 409
    assert api.post(f"{API}/{song.pk}/accept").json()["code"] == "conflict"


def test_a_page_of_an_accepted_version_without_its_old_one(client: Client, version: Job) -> None:
    accept_version(job=version)
    Job.objects.filter(pk=version.pk).update(replaces=None)
    assert "older version" not in page(client, version)
