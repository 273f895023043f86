"""The owner makes, sees and revokes links on the page of a job, without JavaScript too."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from jobs.models import Job, ShareLink
from jobs.services.sharing import NewLink, open_link
from tests.factories import make_artifact, make_job

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Share = Callable[..., NewLink]
CHOICES = {"stems": ["drums"], "days": "7", "label": "Band", "show_title": "on"}


@pytest.fixture
def member(client: Client, ella: "User") -> Client:
    client.force_login(ella)
    return client


def make(client: Client, job: Job, **choices: object) -> str:
    answer = client.post(reverse("jobs:share", args=[job.pk]), {**CHOICES, **choices}, follow=True)
    return answer.content.decode()


def test_the_form_offers_all_stems_for_a_week_and_no_more_than_to_listen(
    member: Client, job: Job
) -> None:
    page = member.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    form = page[page.index('action="' + reverse("jobs:share", args=[job.pk])) :].split("</form>")[0]
    ticked = re.findall(
        r'<input type="checkbox" name="(\w+)"(?: value="(\w+)")?[^>]* checked', form
    )
    assert ticked == [("stems", name) for name in ("drums", "vocals", "piano")]
    assert '<option value="7" selected' in form


def test_a_link_is_made_shown_once_and_opens(member: Client, job: Job) -> None:
    answer = member.post(reverse("jobs:share", args=[job.pk]), CHOICES)
    assert "no-store" in answer["Cache-Control"]
    shown = re.search(r'value="http://testserver/s/([^/"]+)/"', answer.content.decode())
    assert shown is not None
    shared = open_link(shown[1])
    assert shared is not None
    assert (shared.link.stems, shared.link.show_title) == (["drums"], True)
    page = member.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    assert "Band" in page and shown[1] not in page


def test_the_link_bears_the_public_name_of_the_site(
    member: Client, job: Job, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://stems.example.org/"
    assert 'value="https://stems.example.org/s/' in make(member, job)


def test_downloads_bring_the_title_with_them(member: Client, job: Job) -> None:
    make(member, job, allow_download="on", show_title="")
    link = ShareLink.objects.get()
    assert link.allow_download and link.show_title


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"stems": []}, "Choose at least one stem to share."),
        ({"stems": ["residual"]}, "residual is not one of the available choices"),
        ({"days": "400"}, "400 is not one of the available choices"),
        ({"label": "x" * 81}, "at most 80 characters"),
    ],
)
def test_a_wrong_choice_is_named_and_makes_nothing(
    member: Client, job: Job, choice: dict[str, Any], words: str
) -> None:
    assert words in make(member, job, **choice)
    assert not ShareLink.objects.exists()


def test_the_page_lists_links_with_their_views_and_revokes_them(
    member: Client, job: Job, share: Share
) -> None:
    new = share(label="Band")
    ShareLink.objects.update(views=3)
    page = member.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    assert "opened 3 times" in page and "works until" in page
    address = reverse("jobs:share-revoke", args=[job.pk, new.link.pk])
    assert address in page
    after = member.post(address, follow=True).content.decode()
    assert re.search(r"<span>revoked \d+ \w+ \d{4}", after) and address not in after
    assert open_link(new.token) is None


def test_nothing_is_offered_where_nothing_can_be_shared(
    member: Client, job: Job, ella: "User", settings: Settings
) -> None:
    plain = make_job(owner=ella, status="completed")
    make_artifact(plain, "vocals")
    assert "Make a link" not in member.get(f"/jobs/{plain.pk}/").content.decode()
    settings.SHARE = False
    assert "Make a link" not in member.get(f"/jobs/{job.pk}/").content.decode()
    assert "does not share songs" in make(member, job)


def test_periods_keep_to_the_limit_of_the_site(
    member: Client, job: Job, settings: Settings
) -> None:
    for most, offered in ((1, ["1"]), (10, ["1", "7", "10"]), (30, ["1", "7", "30"])):
        settings.SHARE_MAX_DAYS = most
        page = member.get(f"/jobs/{job.pk}/").content.decode()
        select = page[page.index('id="share_days"') :].split("</select>")[0]
        assert re.findall(r'<option value="(\d+)"', select) == offered


def test_a_stranger_neither_makes_nor_revokes_a_link(
    client: Client, job: Job, share: Share, stranger: "User"
) -> None:
    new = share()
    client.force_login(stranger)
    addresses = (
        reverse("jobs:share", args=[job.pk]),
        reverse("jobs:share-revoke", args=[job.pk, new.link.pk]),
        # By way of a job of their own.
        reverse("jobs:share-revoke", args=[make_job(owner=stranger).pk, new.link.pk]),
    )
    assert [client.post(address, CHOICES).status_code for address in addresses] == [404] * 3
    assert open_link(new.token) is not None
    assert ShareLink.objects.count() == 1


def test_who_is_logged_out_is_sent_to_log_in(client: Client, job: Job, share: Share) -> None:
    link = share().link
    for name, args in (("share", [job.pk]), ("share-revoke", [job.pk, link.pk])):
        answer = client.post(reverse(f"jobs:{name}", args=args), CHOICES)
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]


def test_a_form_of_another_site_makes_and_revokes_nothing(
    ella: "User", job: Job, share: Share
) -> None:
    new = share()
    client = Client(enforce_csrf_checks=True)
    client.force_login(ella)
    for name, args in (("share", [job.pk]), ("share-revoke", [job.pk, new.link.pk])):
        assert client.post(reverse(f"jobs:{name}", args=args), CHOICES).status_code == 403
    assert open_link(new.token) is not None


def test_no_link_is_made_or_revoked_by_following_one(
    member: Client, job: Job, share: Share
) -> None:
    link = share().link
    for name, args in (("share", [job.pk]), ("share-revoke", [job.pk, link.pk])):
        assert member.get(reverse(f"jobs:{name}", args=args)).status_code == 405
