"""The one-time link that makes the first administrator."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from stemsite.setup import setup_path

PASSWORDS = {"password1": "correct horse battery", "password2": "correct horse battery"}
FORM = {"username": "boss", "email": "boss@example.org", **PASSWORDS}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_the_link_makes_an_administrator_and_logs_in(client: Client) -> None:
    path = setup_path()
    assert path is not None
    assert client.get(path).status_code == 200
    response = client.post(path, FORM)
    assert response.status_code == 302
    boss = User.objects.get()
    assert boss.is_superuser and boss.is_staff
    assert client.get("/admin/").status_code == 200


def test_the_link_works_once(client: Client) -> None:
    path = setup_path()
    assert path is not None
    client.post(path, FORM)
    again = client.post(path, {**FORM, "username": "intruder"})
    assert again.status_code == 410
    assert User.objects.count() == 1
    assert setup_path() is None


def test_a_guessed_link_is_not_found(client: Client) -> None:
    setup_path()
    assert client.get("/setup/guess/").status_code == 404
    assert client.post("/setup/guess/", FORM).status_code == 404


def test_the_link_is_void_when_an_administrator_came_about_otherwise(client: Client) -> None:
    path = setup_path()
    assert path is not None
    User.objects.create_superuser("other", password="x")
    assert client.get(path).status_code == 410
    assert client.post(path, FORM).status_code == 410
    assert User.objects.count() == 1


def test_a_used_link_says_so_and_leads_to_the_log_in(client: Client) -> None:
    path = setup_path()
    client.post(str(path), FORM)
    page = client.get(str(path)).content.decode()
    assert "This link has been used" in page
    assert reverse("account_login") in page


def test_the_same_link_is_shown_at_the_next_start_while_it_is_unused() -> None:
    assert setup_path() == setup_path()


def test_only_the_server_can_read_the_token(data_dir: Path) -> None:
    setup_path()
    assert (data_dir / "setup_token").stat().st_mode & 0o077 == 0


def test_a_weak_password_is_refused_and_the_link_stays_good(client: Client) -> None:
    path = setup_path()
    assert path is not None
    response = client.post(path, {**FORM, "password1": "12345", "password2": "12345"})
    assert response.status_code == 400
    assert not User.objects.exists()
    assert setup_path() == path
