"""Mails are in the language of the account that they go to, whoever causes them."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from jobs.services.account.preferences import set_language
from jobs.services.batches.notices import message_of
from tests.jobs.batches.world import make_batch

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("sends_mail")
def test_the_link_for_a_new_password_is_in_the_language_of_the_account(
    client: Client, owner: User
) -> None:
    set_language(owner=owner, language="de")
    client.post(
        reverse("account_reset_password"),
        {"email": owner.email},
        headers={"accept-language": "es"},
    )
    (message,) = mail.outbox
    assert message.subject.endswith("Neues Passwort setzen")
    assert str(message.body).startswith("Guten Tag,")
    assert "jemand hat für das Konto „owner“" in str(message.body)


@pytest.mark.usefixtures("sends_mail")
def test_the_mail_about_a_new_password_is_in_the_language_of_the_account(
    client: Client, owner: User, django_capture_on_commit_callbacks: object
) -> None:
    set_language(owner=owner, language="es")
    client.force_login(owner)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        owner.set_password("another password")
        owner.save()
    (message,) = mail.outbox
    assert message.subject.endswith("Se ha cambiado su contraseña")
    assert "La contraseña de su cuenta se cambió el" in str(message.body)


def test_the_mail_about_a_batch_is_in_the_language_of_its_owner() -> None:
    batch = make_batch("completed", "failed", name="Probe")
    assert message_of(batch).subject.endswith("2 songs have ended: 1 completed, 1 failed")
    batch.owner = User.objects.get(pk=batch.owner.pk)
    set_language(owner=batch.owner, language="de")
    message = message_of(batch)
    assert message.subject.endswith("2 Songs sind beendet: 1 fertig, 1 fehlgeschlagen")
    assert "„Probe“ ist beendet" in str(message.body)
    assert not {"has ended", "history", "message"} & set(str(message.body).split())


def test_the_mail_about_one_song_counts_one() -> None:
    batch = make_batch("completed")
    set_language(owner=batch.owner, language="es")
    assert "Ha terminado 1 canción: 1 terminada" in message_of(batch).subject


def test_a_mail_without_a_choice_is_in_the_language_of_the_site(settings: Settings) -> None:
    settings.SITE_LANGUAGE = "de"
    assert "1 Song ist beendet" in message_of(make_batch("completed")).subject
