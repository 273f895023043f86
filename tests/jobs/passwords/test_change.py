"""A new password ends the account's API tokens, whoever sets it and however, and the owner learns
of it."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from jobs.models import ApiToken
from tests.factories import PASSWORD

NEW = "Stone-harbour-91"
FORM = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    ApiToken.objects.create(user=owner)
    return client


def change(client: Client, commits: DjangoCaptureOnCommitCallbacks) -> None:
    with commits(execute=True):
        client.post(reverse("account_change_password"), FORM)


def test_a_change_ends_the_tokens_of_the_account_and_tells_by_mail(
    member: Client,
    owner: User,
    stranger: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ApiToken.objects.create(user=stranger)
    change(member, django_capture_on_commit_callbacks)
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert list(ApiToken.objects.values_list("user", flat=True)) == [stranger.pk]
    (message,) = mail.outbox
    assert message.to == ["owner@example.org"]
    assert "Your password was changed" in message.subject
    assert "API tokens of the account (1) work no more" in message.body


@pytest.mark.usefixtures("sends_mail")
def test_a_reset_by_mail_ends_them_too(
    client: Client,
    owner: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ApiToken.objects.create(user=owner)
    client.post(reverse("account_reset_password"), {"email": owner.email})
    link = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[0].body))
    assert link is not None
    page = client.get(link[1], follow=True)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert not ApiToken.objects.exists()
    assert [message.to for message in mail.outbox[1:]] == [["owner@example.org"]]


def test_a_change_by_an_administrator_ends_them_too(
    client: Client,
    owner: User,
    staff: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ApiToken.objects.create(user=owner)
    client.force_login(staff)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            reverse("admin:auth_user_password_change", args=[owner.pk]),
            {"usable_password": "true", "password1": NEW, "password2": NEW},
        )
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert not ApiToken.objects.exists()
    assert mail.outbox[0].to == ["owner@example.org"]


def test_a_wrong_old_password_changes_nothing_and_ends_nothing(member: Client, owner: User) -> None:
    member.post(reverse("account_change_password"), {**FORM, "oldpassword": "guess"})
    assert ApiToken.objects.filter(user=owner).exists()
    assert not mail.outbox


def test_a_new_account_is_told_of_nothing(
    client: Client,
    db: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    form = {"username": "new", "email": "new@example.org", "password1": NEW, "password2": NEW}
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("account_signup"), form)
    assert User.objects.filter(username="new").exists()
    assert not mail.outbox


def test_a_mail_server_that_is_away_keeps_no_password_from_changing(
    member: Client,
    owner: User,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nothing listens there
    change(member, django_capture_on_commit_callbacks)
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert not ApiToken.objects.exists()


def test_a_new_address_is_told_of_at_the_old_one(member: Client, owner: User) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, primary=True, verified=True)
    second = EmailAddress.objects.create(user=owner, email="b@example.org", verified=True)
    member.post(reverse("account_email"), {"action_primary": "", "email": second.email})
    assert [message.to for message in mail.outbox] == [["owner@example.org"]]


def test_the_page_says_that_a_new_password_ends_the_tokens(member: Client) -> None:
    page = member.get(reverse("account_change_password")).content.decode()
    assert "A new password ends all API tokens of the account." in page
