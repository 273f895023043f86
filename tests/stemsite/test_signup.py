"""Sign-up does not tell who has an account."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD as OWNERS

PASSWORD = "Stone-harbour-91"


def sign_up(name: str, email: str) -> tuple[int, str]:
    form = {"username": name, "email": email, "password1": PASSWORD, "password2": PASSWORD}
    answer = Client().post(reverse("account_signup"), form)
    return answer.status_code, answer.headers.get("Location", answer.content.decode())


def test_an_address_that_is_taken_is_answered_as_a_new_one(owner: User) -> None:
    taken = sign_up("one", "OWNER@example.org")
    new = sign_up("two", "new@example.org")
    assert taken == new
    assert taken[0] == 302


def test_the_account_that_was_there_keeps_its_address_and_its_password(
    client: Client, owner: User
) -> None:
    sign_up("one", owner.email)
    client.post(
        reverse("account_login"),
        {"login": owner.email, "password": OWNERS},
    )
    assert client.session["_auth_user_id"] == str(owner.pk)


def test_a_user_name_is_no_address(db: None) -> None:
    status, page = sign_up("owner@example.org", "")
    assert status == 200
    assert "A user name holds no @" in page
    assert not User.objects.exists()


def test_of_many_accounts_with_one_address_the_oldest_are_looked_at(
    client: Client, owner: User
) -> None:
    for number in range(9):
        User.objects.create_user(
            f"other{number}", email=owner.email, password=f"{PASSWORD}{number}"
        )

    def opens(password: str) -> bool:
        client.logout()
        form = {"login": owner.email, "password": password}
        client.post(reverse("account_login"), form)
        return "_auth_user_id" in client.session

    assert opens(OWNERS)
    assert opens(f"{PASSWORD}0")
    assert not opens(f"{PASSWORD}8")
