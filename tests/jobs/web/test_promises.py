"""What the pages promise about songs is true of the site as it is set up."""

from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

STAYS_HERE = "stay on it"
MAY_LEAVE = "may be sent to the remote service of this site"


def test_without_a_remote_service_songs_stay_here(client: Client, db: None) -> None:
    shown = client.get("/").content.decode()
    assert STAYS_HERE in shown
    assert MAY_LEAVE not in shown


def test_with_a_remote_service_no_page_promises_that(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.REMOTE_URL = "http://gpu.example.org"
    shown = client.get("/").content.decode()
    assert STAYS_HERE not in shown
    assert MAY_LEAVE in shown
    client.force_login(owner)
    assert MAY_LEAVE in client.get("/jobs/").content.decode()
