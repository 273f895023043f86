"""Tokens: with a password in, with a request out."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import ApiToken
from tests.factories import PASSWORD

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TOKEN = "/api/v1/auth/token"


def ask(client: APIClient, **fields: object) -> dict[str, str]:
    response = client.post(TOKEN, fields, format="json")
    assert response.status_code == 201, response.json()
    return dict(response.json())


def with_token(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


@pytest.mark.parametrize("name", ["owner", "owner@example.org"])
def test_a_password_buys_a_token_that_works(anonymous: APIClient, owner: "User", name: str) -> None:
    answer = ask(anonymous, username=name, password=PASSWORD)
    assert with_token(answer["token"]).get("/api/v1/jobs").status_code == 200
    assert answer["token"] not in str(ApiToken.objects.values())


def test_a_form_may_ask_as_well(anonymous: APIClient, owner: "User") -> None:
    response = anonymous.post(TOKEN, {"username": "owner", "password": PASSWORD})
    assert response.status_code == 201


def test_a_token_that_was_given_up_works_no_more_and_others_do(
    anonymous: APIClient, owner: "User"
) -> None:
    first, second = (
        with_token(ask(anonymous, username="owner", password=PASSWORD)["token"]) for _ in range(2)
    )
    assert first.delete(TOKEN).status_code == 204
    refused = first.get("/api/v1/jobs")
    assert refused.status_code == 401
    assert refused.json()["code"] == "authentication_failed"
    assert second.get("/api/v1/jobs").status_code == 200


@pytest.mark.parametrize(("asked", "given"), [(None, 90), (5, 5), (1000, 90)])
def test_a_token_expires_no_later_than_the_site_allows(
    anonymous: APIClient, owner: "User", settings: Settings, asked: int | None, given: int
) -> None:
    settings.TOKEN_DAYS = 90
    fields = {} if asked is None else {"expires_in_days": asked}
    ask(anonymous, username="owner", password=PASSWORD, **fields)
    left = ApiToken.objects.get().expiry - timezone.now()
    # A minute for a slow machine.
    assert timedelta(days=given, minutes=-1) < left <= timedelta(days=given)


def test_an_expired_token_is_refused(owner: "User") -> None:
    _, token = ApiToken.objects.create(user=owner, expiry=timedelta(seconds=-1))
    assert with_token(token).get("/api/v1/jobs").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a b", "\xff\xfe", "x" * 5000])
def test_what_is_no_token_is_refused(anonymous: APIClient, token: str) -> None:
    response = anonymous.get("/api/v1/jobs", HTTP_AUTHORIZATION=f"Token {token}")
    assert response.status_code == 401
    assert response.json()["code"] == "authentication_failed"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"username": "owner", "password": "wrong"}, 401),
        ({"username": "nobody", "password": PASSWORD}, 401),
        ({"username": "owner"}, 400),
        ({"username": "owner", "password": PASSWORD, "expires_in_days": 0}, 400),
    ],
)
def test_wrong_credentials_buy_nothing(
    anonymous: APIClient, owner: "User", fields: dict[str, object], status: int
) -> None:
    response = anonymous.post(TOKEN, fields, format="json")
    assert response.status_code == status
    assert set(response.json()) == {"code", "detail"}
    assert not ApiToken.objects.exists()


def test_a_closed_account_gets_no_token_and_its_tokens_stop(
    anonymous: APIClient, owner: "User"
) -> None:
    token = ask(anonymous, username="owner", password=PASSWORD)["token"]
    owner.is_active = False
    owner.save()
    assert with_token(token).get("/api/v1/jobs").status_code == 401
    refused = anonymous.post(TOKEN, {"username": "owner", "password": PASSWORD})
    assert refused.status_code == 401


def test_a_session_has_no_token_to_give_up(owner: "User") -> None:
    client = APIClient()
    client.force_login(owner)
    assert client.delete(TOKEN).status_code == 409


def test_guessing_passwords_is_slowed_down_whatever_address_is_claimed(
    anonymous: APIClient, owner: "User"
) -> None:
    statuses = [
        anonymous.post(
            TOKEN,
            {"username": "owner", "password": f"guess {n}"},
            headers={"X-Forwarded-For": f"10.0.0.{n}"},
        ).status_code
        for n in range(12)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429
