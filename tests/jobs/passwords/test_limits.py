"""How often a password may be tried, at every door; and that nobody closes it to another."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import ApiToken, RateCount
from tests.factories import PASSWORD, make_user

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
TOKEN = "/api/v1/auth/token"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_tries(settings: Settings, owner: User) -> None:
    settings.RATE_LOGIN, settings.RATE_LOGIN_ACCOUNT = "3/hour", "5/hour"
    settings.RATE_LOGIN_ADDRESS = "6/hour"


def at_the_form(password: str, name: str = "owner", *, address: str = HERE) -> bool:
    client = Client(REMOTE_ADDR=address)
    client.post(reverse("account_login"), {"login": name, "password": password})
    return "_auth_user_id" in client.session


def for_a_token(password: str, name: str = "owner", *, address: str = HERE) -> int:
    fields = {"username": name, "password": password}
    return APIClient(REMOTE_ADDR=address).post(TOKEN, fields, format="json").status_code


def test_the_form_and_the_token_share_one_lock() -> None:
    assert not at_the_form("guess 1")
    assert [for_a_token(f"guess {n}") for n in (2, 3, 4)] == [401, 401, 429]
    assert not at_the_form(PASSWORD)
    assert for_a_token(PASSWORD) == 429


def test_the_answer_says_when_to_come_back() -> None:
    for number in range(3):
        for_a_token(f"guess {number}")
    answer = APIClient(REMOTE_ADDR=HERE).post(
        TOKEN, {"username": "owner", "password": PASSWORD}, format="json"
    )
    assert answer.json()["code"] == "too_many_passwords"
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    page = Client(REMOTE_ADDR=HERE).post(
        reverse("account_login"), {"login": "owner", "password": PASSWORD}
    )
    assert "Too many wrong passwords. Try again in 60 min" in page.content.decode()


def test_a_name_and_an_address_are_the_same_door() -> None:
    for name in ("owner", "OWNER", "owner@example.org"):
        assert for_a_token("guess", name) == 401
    assert for_a_token(PASSWORD, "Owner@Example.org") == 429


def test_who_guesses_closes_the_door_for_themselves_only() -> None:
    for number in range(5):
        for_a_token(f"guess {number}", address=ELSEWHERE)
    assert for_a_token(PASSWORD, address=ELSEWHERE) == 429
    assert for_a_token(PASSWORD, address=HERE) == 201


def test_guessing_from_many_addresses_is_braked_and_keeps_the_owner_not_out() -> None:
    assert at_the_form(PASSWORD, address=HERE)
    answers = [for_a_token("guess", address=f"192.0.2.{n}") for n in range(7)]
    assert answers == [401] * 5 + [429] * 2
    assert for_a_token(PASSWORD, address="192.0.2.99") == 429
    assert at_the_form(PASSWORD, address=HERE)


def test_guessing_many_accounts_from_one_address_is_braked(stranger: User) -> None:
    assert at_the_form(PASSWORD, "stranger")
    answers = [for_a_token("guess", f"nobody{n}") for n in range(8)]
    assert answers == [401] * 6 + [429] * 2
    assert for_a_token(PASSWORD, "owner") == 429
    assert at_the_form(PASSWORD, "stranger")


def test_an_ipv6_network_is_one_address() -> None:
    answers = [for_a_token("guess", address=f"2001:db8:1:2::{n}") for n in range(4)]
    assert answers == [401, 401, 401, 429]
    assert for_a_token(PASSWORD, address="2001:db8:1:3::1") == 201


def test_right_passwords_are_not_counted() -> None:
    assert [for_a_token(PASSWORD) for _ in range(8)] == [201] * 8
    assert [for_a_token("guess") for _ in range(3)] == [401] * 3


def test_a_name_that_nobody_has_is_answered_as_one_that_somebody_has() -> None:
    answers = [for_a_token("guess", "nobody") for _ in range(4)]
    assert answers == [401, 401, 401, 429]


@pytest.mark.usefixtures("sends_mail")
def test_a_reset_by_mail_opens_the_door_again(client: Client) -> None:
    for number in range(5):
        for_a_token(f"guess {number}")
    client.post(reverse("account_reset_password"), {"email": "owner@example.org"})
    path = "/" + mail.outbox[0].body.partition("://")[2].split()[0].partition("/")[2]
    own = Client(REMOTE_ADDR=HERE)
    page = own.get(path, follow=True)
    new = "Stone-harbour-91"
    own.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert for_a_token(new) == 201


def test_the_count_names_neither_the_account_nor_the_address() -> None:
    for_a_token("guess")
    stored = str(list(RateCount.objects.values()))
    assert RateCount.objects.exists()
    assert HERE not in stored and "owner" not in stored


def test_tokens_that_open_nothing_are_throttled_and_good_ones_pass(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.api.authentication import BadTokenThrottle

    monkeypatch.setattr(BadTokenThrottle, "THROTTLE_RATES", {"bad_token": "3/min"})
    _, secret = ApiToken.objects.create(user=owner)

    def ask(token: str) -> int:
        return (
            APIClient().get("/api/v1/jobs", headers={"Authorization": f"Token {token}"}).status_code
        )

    assert [ask(f"guess{n}") for n in range(5)] == [401, 401, 401, 429, 429]
    assert ask(secret) == 200


def test_of_accounts_with_one_address_the_five_oldest_are_tried() -> None:
    for number in range(6):
        make_user(f"choir{number}", email="choir@example.org", password=f"{PASSWORD} {number}")
    assert at_the_form(f"{PASSWORD} 4", "choir@example.org")
    assert not at_the_form(f"{PASSWORD} 5", "choir@example.org")
    assert at_the_form(f"{PASSWORD} 5", "choir5")
