from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.models import ApiToken

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def client_of(user: "User") -> APIClient:
    """A program with a token of ``user``."""
    client = APIClient()
    # Used a moment ago: otherwise its first request alone would write that down.
    _, token = ApiToken.objects.create(user=user, last_used_at=timezone.now())
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


@pytest.fixture
def api(owner: "User") -> APIClient:
    return client_of(owner)


@pytest.fixture
def stranger_api(stranger: "User") -> APIClient:
    return client_of(stranger)


@pytest.fixture
def anonymous(db: None) -> APIClient:
    return APIClient()
