"""Pages of the account that allauth would otherwise bring in its own words."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse


@pytest.mark.usefixtures("sends_mail")
def test_addresses_are_added_and_removed(client: Client, owner: User) -> None:
    client.force_login(owner)
    address = reverse("account_email")
    client.post(address, {"action_add": "", "email": "second@example.org"})
    page = client.get(address).content.decode()
    assert "second@example.org" in page
    assert "Send a confirmation mail" in page
    client.post(address, {"action_remove": "", "email": "second@example.org"})
    assert not EmailAddress.objects.filter(user=owner, email="second@example.org").exists()


@pytest.mark.usefixtures("sends_mail")
def test_the_page_of_addresses_speaks_as_the_others_do(client: Client, owner: User) -> None:
    client.force_login(owner)
    page = client.get(reverse("account_email")).content.decode()
    assert "A forgotten password is reset by e-mail" in page
    assert "Email Address" not in page


def test_confirming_a_password_speaks_as_the_others_do(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert (
        "Confirm that it is you" in client.get(reverse("account_reauthenticate")).content.decode()
    )
