import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client
