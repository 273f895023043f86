"""What a client says of itself counts only where a trusted proxy says it."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from stemsite.proxies import comes_from_proxy
from stemsite.settings import PROXY_NETWORKS

TLS = {"X-Forwarded-Proto": "https"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def behind_proxy(settings: Settings) -> None:
    settings.TRUST_PROXY = True
    settings.PROXY_NETWORKS = PROXY_NETWORKS
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True


def status(client: Client, peer: str) -> int:
    return client.get("/accounts/login/", headers=TLS, REMOTE_ADDR=peer).status_code


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "fd00::1", ""])
def test_a_proxy_of_this_network_says_that_the_client_speaks_tls(
    client: Client, behind_proxy: None, peer: str
) -> None:
    assert status(client, peer) == 200


@pytest.mark.parametrize("peer", ["203.0.113.9", "2001:db8::1", "nonsense"])
def test_a_stranger_does_not(client: Client, behind_proxy: None, peer: str) -> None:
    assert status(client, peer) == 301


def test_nobody_does_where_no_proxy_is_trusted(client: Client, settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    assert status(client, "127.0.0.1") == 301


def test_a_stranger_does_not_choose_the_address_that_is_counted(
    client: Client, behind_proxy: None, settings: Settings, owner: User
) -> None:
    settings.RATE_LOGIN_ADDRESS = "2/hour"
    settings.SECURE_SSL_REDIRECT = False
    for number in range(3):
        page = client.post(
            reverse("account_login"),
            {"login": "owner", "password": "guess"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
            REMOTE_ADDR="203.0.113.9",
        )
    assert "Too many wrong passwords" in page.content.decode()


def reset_link(client: Client, host: str) -> str:
    address = "owner@example.org"
    client.post(reverse("account_reset_password"), {"email": address}, headers={"host": host})
    body = str(mail.outbox[-1].body)
    return next(word for word in body.split() if "/reset/key/" in word)


@pytest.mark.usefixtures("sends_mail")
def test_a_reset_link_leads_to_the_public_address(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://stems.example.org/"
    assert reset_link(client, "localhost:666").startswith(
        "https://stems.example.org/accounts/password/reset/key/"
    )
    assert "localhost" not in str(mail.outbox[-1].body)


@pytest.mark.usefixtures("sends_mail")
def test_without_one_the_host_header_chooses_neither_scheme_nor_port(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.PORT = 8123
    assert reset_link(client, "localhost:666").startswith("http://localhost:8123/")
    settings.HTTPS = True
    assert reset_link(client, "localhost:666").startswith("https://localhost/")


@pytest.mark.usefixtures("sends_mail")
def test_a_mail_to_an_address_that_nobody_has_leads_there_too(
    client: Client, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://stems.example.org"
    client.post(reverse("account_reset_password"), {"email": "new@example.org"})
    assert "https://stems.example.org/accounts/signup/" in str(mail.outbox[0].body)
    assert "testserver" not in str(mail.outbox[0].body)


def test_only_requests_by_a_socket_file_have_no_peer(client: Client, behind_proxy: None) -> None:
    request = client.get("/accounts/login/", REMOTE_ADDR="", headers=TLS).wsgi_request
    assert comes_from_proxy(request)
