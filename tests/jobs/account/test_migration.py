"""Tokens of an older version go on working, and leave nothing behind that holds an account."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from knox.crypto import hash_token
from rest_framework.test import APIClient

from jobs.models import ApiToken
from jobs.services.account.account_deletion import close_account
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "0009_account_preferences"
SECRET = "5f" * 32


@pytest.fixture
def older() -> Iterator[None]:
    """The database as it was before the tokens moved."""
    plan = [name for app, name in connection_migrations() if app == "jobs" and name < NEW]
    call_command("migrate", "jobs", max(plan), verbosity=0)
    yield
    call_command("migrate", "jobs", verbosity=0)


def connection_migrations() -> list[tuple[str, str]]:
    from django.db.migrations.loader import MigrationLoader

    return list(MigrationLoader(connection).disk_migrations)


def test_a_token_made_before_the_move_still_opens_and_does_not_hold_its_account(
    older: None,
) -> None:
    user = make_user("owner")
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO knox_authtoken (digest, token_key, user_id, created, expiry) "
            "VALUES (%s, %s, %s, %s, %s)",
            [hash_token(SECRET), SECRET[:15], user.pk, now, now + timedelta(days=1)],
        )
    call_command("migrate", "jobs", verbosity=0)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {SECRET}")
    assert client.get("/api/v1/jobs").status_code == 200
    assert ApiToken.objects.get().label == "Without a name"
    assert close_account(owner=user)
