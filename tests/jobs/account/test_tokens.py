"""Tokens with names: made, shown once, used, revoked; on the page and through the API."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.errors import TokenNameTaken
from jobs.models import ApiToken
from jobs.services.account.tokens import create_token
from separation.errors import InvalidOptions, QuotaExceeded

TOKENS = "/api/v1/tokens"


def with_token(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


def opens(secret: str) -> bool:
    return with_token(secret).get("/api/v1/jobs").status_code == 200


def make_on_page(client: Client, **fields: object) -> str:
    """The secret that the page shows."""
    answer = client.post("/account/tokens/", {"name": "Laptop", "days": 7, **fields})
    assert answer.status_code == 201, answer.content.decode()
    shown = re.search(r'token__secret">(\w+)<', answer.content.decode())
    assert shown is not None and "no-store" in answer["Cache-Control"]
    return shown[1]


def test_a_token_is_shown_once_works_and_is_stored_as_a_digest_only(
    member: Client, owner: User
) -> None:
    secret = make_on_page(member)
    assert opens(secret)
    row = ApiToken.objects.get()
    assert (row.name, row.user) == ("Laptop", owner)
    page = member.get("/account/").content.decode()
    assert "Laptop" in page and secret not in page
    stored = str(ApiToken.objects.values()) + str([s.get_decoded() for s in Session.objects.all()])
    assert secret not in stored and row.digest not in page


def test_the_page_says_how_long_it_works_and_when_it_was_used(member: Client) -> None:
    secret = make_on_page(member, days=7)
    row = ApiToken.objects.get()
    assert row.expiry is not None
    # A minute for a slow machine.
    assert timedelta(days=7, minutes=-1) < row.expiry - timezone.now() <= timedelta(days=7)
    assert "never used" in member.get("/account/").content.decode()
    assert opens(secret)
    assert "last used" in member.get("/account/").content.decode()


def test_a_program_that_asks_often_writes_seldom(owner: User) -> None:
    made = create_token(owner=owner, name="Busy")
    assert opens(made.secret)
    first = ApiToken.objects.get().last_used_at
    assert opens(made.secret)
    assert ApiToken.objects.get().last_used_at == first
    long_ago = timezone.now() - timedelta(hours=1)
    ApiToken.objects.update(last_used_at=long_ago)
    assert opens(made.secret)
    used = ApiToken.objects.get().last_used_at
    assert used is not None and used > long_ago


def test_a_guess_is_no_use(owner: User) -> None:
    made = create_token(owner=owner)
    assert not opens(made.secret[:-1] + ("0" if made.secret[-1] != "0" else "1"))
    assert ApiToken.objects.get().last_used_at is None


def test_a_revoked_token_is_refused_and_others_are_not(member: Client, owner: User) -> None:
    secret, other = make_on_page(member), create_token(owner=owner, name="Other").secret
    token = ApiToken.objects.get(name="Laptop")
    address = reverse("jobs:token-revoke", args=[token.public_id])
    assert "Revoke this token?" in member.get(address).content.decode()
    assert opens(secret), "a link alone must not revoke"
    told = member.post(address, follow=True).content.decode()
    assert "Laptop is revoked" in told
    assert not opens(secret) and opens(other)
    assert member.post(address).status_code == 404


def test_an_expired_token_is_refused_and_said_to_be(member: Client, owner: User) -> None:
    made = create_token(owner=owner, name="Old")
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert "expired" in member.get("/account/").content.decode()
    assert not opens(made.secret)
    create_token(owner=owner, name="Old")


def test_a_form_that_is_sent_again_makes_no_second_token(member: Client) -> None:
    make_on_page(member)
    again = member.post("/account/tokens/", {"name": "laptop", "days": 7})
    assert again.status_code == 409
    assert "You have a token named laptop already" in again.content.decode()
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"days": 0}, "greater than or equal to 1"),
        ({"days": 91}, "less than or equal to 90"),
        ({"days": "soon"}, "Enter a whole number."),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    member: Client, settings: Settings, fields: dict[str, object], told: str
) -> None:
    settings.TOKEN_DAYS = 90
    answer = member.post("/account/tokens/", {"name": "Laptop", "days": 7, **fields})
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_name_is_one_clean_line_and_free_for_others(owner: User, stranger: User) -> None:
    made = create_token(owner=owner, name="  My\n\u202elaptop ")
    assert made.row.name == "My laptop"
    with pytest.raises(TokenNameTaken):
        create_token(owner=owner, name="MY LAPTOP")
    create_token(owner=stranger, name="My laptop")
    create_token(owner=owner), create_token(owner=owner)  # without a name there may be many
    with pytest.raises(InvalidOptions, match="at most 60"):
        create_token(owner=owner, name="x" * 61)


def test_there_are_no_more_than_the_site_allows_and_expired_ones_do_not_count(
    owner: User, settings: Settings
) -> None:
    settings.MAX_TOKENS = 1
    create_token(owner=owner)
    with pytest.raises(QuotaExceeded, match="Revoke one"):
        create_token(owner=owner)
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    create_token(owner=owner)
    assert ApiToken.objects.count() == 1


def test_the_api_lists_makes_and_revokes(owner: User) -> None:
    program = with_token(create_token(owner=owner, name="First").secret)
    made = program.post(TOKENS, {"name": "Second", "expires_in_days": 3}, format="json")
    assert made.status_code == 201 and made["Cache-Control"] == "no-store"
    assert opens(made.json()["token"])
    listed = {token["name"]: token for token in program.get(TOKENS).json()}
    assert set(listed) == {"First", "Second"}
    assert listed["First"]["is_current"] and not listed["Second"]["is_current"]
    assert listed["Second"]["last_used_at"] is not None
    assert made.json()["token"] not in str(listed) and "digest" not in str(listed)
    address = f"{TOKENS}/{listed['Second']['id']}"
    assert program.delete(address).status_code == 204
    assert program.delete(address).status_code == 404
    assert not opens(made.json()["token"])


def test_a_token_makes_none_that_outlives_it(owner: User) -> None:
    short = create_token(owner=owner, days=1)
    made = with_token(short.secret).post(TOKENS, {"name": "Longer", "expires_in_days": 90})
    assert made.status_code == 201
    row = ApiToken.objects.get(name="Longer")
    assert row.expiry is not None and short.row.expiry is not None
    assert row.expiry <= short.row.expiry


def test_a_session_makes_one_with_its_csrf_token_only(owner: User) -> None:
    page = APIClient(enforce_csrf_checks=True)
    page.force_login(owner)
    assert page.post(TOKENS, {"name": "Forged"}).status_code == 403
    assert not ApiToken.objects.exists()


def test_a_log_in_of_a_program_may_name_its_token(owner: User) -> None:
    from tests.factories import PASSWORD

    asked = {"username": "owner", "password": PASSWORD, "name": "Backup"}
    assert APIClient().post("/api/v1/auth/token", asked).status_code == 201
    again = APIClient().post("/api/v1/auth/token", asked)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_the_tokens_of_others_are_as_if_they_were_not_there(
    client: Client, owner: User, stranger: User
) -> None:
    made = create_token(owner=owner, name="Private")
    strange = with_token(create_token(owner=stranger, name="Strange").secret)
    assert [token["name"] for token in strange.get(TOKENS).json()] == ["Strange"]
    assert strange.delete(f"{TOKENS}/{made.row.public_id}").status_code == 404
    client.force_login(stranger)
    address = reverse("jobs:token-revoke", args=[made.row.public_id])
    assert client.get(address).status_code == client.post(address).status_code == 404
    assert opens(made.secret)


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_in_particular_has_tokens(db: None, method: str) -> None:
    answer = getattr(APIClient(), method)(TOKENS)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_operators_see_that_there_is_one_and_may_revoke_it(
    client: Client, staff: User, owner: User
) -> None:
    made = create_token(owner=owner, name="Laptop")
    client.force_login(staff)
    listed = client.get("/admin/jobs/apitoken/").content.decode()
    assert "Laptop" in listed and "owner" in listed
    address = reverse("admin:jobs_apitoken_delete", args=[made.row.pk])
    client.post(address, {"post": "yes"})
    assert not opens(made.secret)
