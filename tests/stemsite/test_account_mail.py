"""Mails of the account: in plain words, with the name of the site; none where none is sent."""

import re
from pathlib import Path

import allauth
import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

THEIR_WORDS = "thank you for using|you're receiving|you are receiving|example.com"
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NOT_SENT = (
    r"(login|reset)_code_|password_(changed|set|reset)_(message|subject)|_signup_|account_already_"
)
"""Codes are switched off, the site's own mail tells of passwords, confirming is
one mail, and sign-up never says that an address is taken."""


@pytest.fixture
def named(settings: Settings, sends_mail: None) -> Settings:
    settings.SITE_NAME = "Harbour Studio"
    settings.PUBLIC_URL = "https://stems.example.org"
    return settings


def only_mail() -> EmailMessage:
    (message,) = mail.outbox
    body = str(message.body)
    assert not re.search(THEIR_WORDS, body, re.IGNORECASE)
    assert body.startswith("Hello,\n")
    assert "Harbour Studio" in body
    assert body.rstrip().endswith("https://stems.example.org/")
    return message


def links(message: EmailMessage) -> list[str]:
    return re.findall(r"https://stems\.example\.org(/accounts/\S+)", str(message.body))


@pytest.mark.usefixtures("named")
def test_a_new_password_is_offered_with_the_name_of_the_account(
    client: Client, owner: User
) -> None:
    client.post(reverse("account_reset_password"), {"email": owner.email})
    message = only_mail()
    assert '"owner"' in str(message.body)
    assert message.subject.endswith("Set a new password")
    (link,) = links(message)
    assert "Set a new password" in client.get(link, follow=True).content.decode()


@pytest.mark.usefixtures("named")
def test_an_address_without_an_account_is_told_so_and_where_to_sign_up(client: Client) -> None:
    client.post(reverse("account_reset_password"), {"email": "new@example.org"})
    message = only_mail()
    assert "No account has this address" in str(message.body)
    assert links(message) == [reverse("account_signup")]


def test_where_nobody_may_sign_up_no_mail_offers_it(client: Client, named: Settings) -> None:
    named.SIGNUP_OPEN = False
    client.post(reverse("account_reset_password"), {"email": "new@example.org"})
    assert links(only_mail()) == []


@pytest.mark.usefixtures("named")
def test_an_address_is_confirmed_by_a_link(client: Client, owner: User) -> None:
    client.force_login(owner)
    client.post(reverse("account_email"), {"action_send": "", "email": owner.email})
    message = only_mail()
    assert message.subject.endswith("Confirm your e-mail address")
    assert '"owner"' in str(message.body)
    (link,) = links(message)
    assert client.get(link).status_code == 200


def test_subjects_begin_with_the_name_of_the_site(client: Client, settings: Settings) -> None:
    assert f"[{settings.SITE_NAME}] " == settings.ACCOUNT_EMAIL_SUBJECT_PREFIX


def test_every_mail_that_can_be_sent_is_in_our_words() -> None:
    theirs = Path(allauth.__file__).parent / "templates" / "account" / "email"
    sent = {file.name for file in theirs.iterdir() if not re.search(NOT_SENT, file.name)}
    ours = {file.name for file in (TEMPLATES / "account" / "email").iterdir()}
    assert ours == sent


def test_a_site_without_mail_promises_no_link_and_makes_none(client: Client, owner: User) -> None:
    page = client.get(reverse("account_reset_password")).content.decode()
    assert "This site sends no e-mail" in page
    assert 'name="email"' not in page
    answer = client.post(reverse("account_reset_password"), {"email": owner.email})
    assert answer.status_code == 409
    assert "This site sends no e-mail" in answer.content.decode()
    assert mail.outbox == []


def test_a_site_without_mail_offers_no_confirmation(client: Client, owner: User) -> None:
    client.force_login(owner)
    account = client.get(reverse("jobs:account")).content.decode()
    assert "This site sends no e-mail" in account
    assert "is reset by e-mail" not in account
    page = client.get(reverse("account_email")).content.decode()
    assert "This site sends no e-mail" in page
    assert "Send a confirmation mail" not in page
    added = client.post(
        reverse("account_email"), {"action_add": "", "email": "second@example.org"}, follow=True
    ).content.decode()
    assert "second@example.org is not confirmed, as this site sends no e-mail." in added


@pytest.mark.usefixtures("named")
def test_the_header_bears_the_name_of_the_site(client: Client) -> None:
    for address in (reverse("account_login"), "/no/such/page"):
        assert "<span>Harbour Studio</span>" in client.get(address).content.decode()


def test_the_header_leads_an_administrator_to_the_administration(
    client: Client, owner: User, staff: User
) -> None:
    link = f'<a href="{reverse("admin:jobs_worker_changelist")}">Administration</a>'
    for user, offered in ((owner, False), (staff, True)):
        client.force_login(user)
        assert (link in client.get(reverse("jobs:upload")).content.decode()) is offered
    client.logout()
    assert link not in client.get(reverse("account_login")).content.decode()
