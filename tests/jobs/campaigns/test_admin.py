"""Campaigns in the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Campaign
from jobs.models.campaign import CampaignStatus
from jobs.services.campaigns.advance import advance_campaigns
from tests.factories import make_source
from tests.jobs.campaigns.world import make_song, start

LIST = reverse("admin:jobs_campaign_changelist")


@pytest.fixture
def campaign(owner: User) -> Campaign:
    make_song()
    make_source(original_name="Never separated.wav")
    campaign = start("owner=owner", separator="spectral", format="mp3")
    advance_campaigns()
    campaign.refresh_from_db()
    return campaign


@pytest.fixture
def client(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def act(client: Client, action: str, campaign: Campaign) -> str:
    chosen = {"action": action, "_selected_action": [str(campaign.pk)]}
    return client.post(LIST, chosen, follow=True).content.decode()


def test_a_list_that_nobody_can_search_offers_no_search(client: Client, campaign: Campaign) -> None:
    assert "changelist-search" not in client.get(LIST).content.decode()
    jobs = client.get(reverse("admin:jobs_job_changelist")).content.decode()
    assert "changelist-search" in jobs


def test_the_list_pauses_and_resumes(client: Client, campaign: Campaign) -> None:
    assert "2 of 2 songs" in client.get(LIST).content.decode()
    assert "paused." in act(client, "pause", campaign)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.PAUSED
    assert "resumed." in act(client, "resume", campaign)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.RUNNING


def test_what_is_done_stays_so_with_the_reason(client: Client, campaign: Campaign) -> None:
    campaign.jobs.update(status="completed")
    advance_campaigns()
    assert "not paused: The campaign is done" in act(client, "pause", campaign)


def test_its_page_tells_all_and_changes_nothing(client: Client, campaign: Campaign) -> None:
    address = reverse("admin:jobs_campaign_change", args=[campaign.pk])
    shown = client.get(address).content.decode()
    for text in ("1 waiting", "no completed job to replace: 1", "owner=", "mp3"):
        assert text in shown, text
    jobs = f"{reverse('admin:jobs_job_changelist')}?campaign__id__exact={campaign.pk}"
    assert jobs in shown and "1 separation" in client.get(jobs).content.decode()
    assert client.post(address, {"status": "done"}).status_code == 403
    assert client.get(reverse("admin:jobs_campaign_add")).status_code == 403
    assert client.post(reverse("admin:jobs_campaign_delete", args=[campaign.pk])).status_code == 403


def test_who_is_not_staff_sees_no_campaign(
    client: Client, campaign: Campaign, stranger: User
) -> None:
    client.force_login(stranger)
    assert client.get(LIST).status_code == 302
