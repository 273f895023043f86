"""Operators see what is open to people without an account, and end it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import ShareLink
from jobs.services.sharing import NewLink, open_link

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Share = Callable[..., NewLink]
LIST = reverse("admin:jobs_sharelink_changelist")


@pytest.fixture
def client(client: Client, staff: "User") -> Client:
    client.force_login(staff)
    return client


def test_a_link_that_was_reported_is_found_by_itself(client: Client, share: Share) -> None:
    reported, _ = share(stems=["drums"]), share(stems=["vocals"])
    found = client.get(LIST, {"q": f" https://stems.example.org/s/{reported.token}/ "})
    shown = found.content.decode()
    assert "1 share link" in shown and "ella-marchetti" in shown and "Harbour Lights.flac" in shown
    assert str(reported.link.pk) in shown


def test_links_are_revoked_from_the_list(client: Client, share: Share) -> None:
    chosen, other = share(), share()
    form = {"action": "revoke", "_selected_action": [str(chosen.link.pk)]}
    assert "1 link is revoked." in client.post(LIST, form, follow=True).content.decode()
    assert open_link(chosen.token) is None
    assert open_link(other.token) is not None


def test_nobody_sees_a_digest_or_changes_a_link_by_hand(client: Client, share: Share) -> None:
    link = share().link
    address = reverse("admin:jobs_sharelink_change", args=[link.pk])
    page = client.get(address).content.decode()
    assert "drums, vocals" in page and link.token_digest not in page
    client.post(address, {"expires_at_0": "2099-01-01", "expires_at_1": "00:00"})
    assert ShareLink.objects.get().expires_at == link.expires_at
