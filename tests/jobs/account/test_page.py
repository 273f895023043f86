"""The account page: who sees it, and what it tells in words."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import strip_tags
from pytest_django.fixtures import Settings

from jobs.services.account.tokens import create_token
from tests.factories import make_job, make_source, set_quota


def words(client: Client, address: str = "/account/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode()).split())


def test_it_shows_what_is_used_of_every_limit(member: Client, owner: User) -> None:
    set_quota(owner, stored_bytes=10**6, active_jobs=1)
    make_job(owner=owner, source=make_source(owner=owner, content=b"x" * 500_000))
    told = words(member)
    assert "Storage 500 kB of 1.0 MB" in told
    assert "Jobs waiting or running 1 of 1 full" in told
    assert "Audio in 24 hours 0 minutes no limit" in told
    assert "No song can be accepted at the moment" in told


def test_what_others_have_is_not_on_it(member: Client, owner: User, stranger: User) -> None:
    create_token(owner=owner, name="Laptop")
    create_token(owner=stranger, name="Elsewhere")
    told = words(member)
    assert "Laptop" in told
    assert "Elsewhere" not in told and "stranger" not in told


@pytest.mark.parametrize(
    "address", ["/account/", "/account/export/", "/account/delete/", "/account/tokens/"]
)
def test_nobody_in_particular_is_sent_to_log_in(client: Client, db: None, address: str) -> None:
    send = client.post if address.endswith("tokens/") else client.get
    answer = send(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize("address", ["/account/theme/", "/account/defaults/", "/account/tokens/"])
def test_nothing_is_changed_by_following_a_link(member: Client, address: str) -> None:
    assert member.get(address).status_code == 405


def test_it_says_how_long_audio_is_kept(member: Client, settings: Settings) -> None:
    assert "stay until you delete them" in words(member)
    settings.RETENTION_DAYS = 30
    assert "Audio is deleted 30 days after a job has ended" in words(member)
