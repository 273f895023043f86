"""Pages of the account that allauth would otherwise bring in its own words."""

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse


def test_addresses_are_added_and_removed(client: Client, owner: User) -> None:
    client.force_login(owner)
    address = reverse("account_email")
    client.post(address, {"action_add": "", "email": "second@example.org"})
    page = client.get(address).content.decode()
    assert "second@example.org" in page
    assert "Send a confirmation mail" in page
    client.post(address, {"action_remove": "", "email": "second@example.org"})
    assert not EmailAddress.objects.filter(user=owner, email="second@example.org").exists()


def test_the_page_of_addresses_speaks_as_the_others_do(client: Client, owner: User) -> None:
    client.force_login(owner)
    page = client.get(reverse("account_email")).content.decode()
    assert "A forgotten password is reset by mail" in page
    assert "Email Address" not in page


def test_confirming_a_password_speaks_as_the_others_do(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert (
        "Confirm that it is you" in client.get(reverse("account_reauthenticate")).content.decode()
    )


def test_mail_bears_the_name_of_the_site(client: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(email="owner@example.org")
    client.post(reverse("account_reset_password"), {"email": "owner@example.org"})
    assert mail.outbox[0].subject.startswith("[stemsite] ")
