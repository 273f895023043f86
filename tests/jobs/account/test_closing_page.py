"""The page on which an account is deleted: with the password, by its owner, and by a form."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.http.throttles import PasswordThrottle
from jobs.models import AccountClosure, Job
from jobs.models.job import JobStatus
from tests.factories import PASSWORD, make_artifact, make_job, make_user

ADDRESS = "/account/delete/"
RIGHT = {"username": "owner", "password": PASSWORD}


def exists(name: str = "owner") -> bool:
    return User.objects.filter(username=name, is_active=True).exists()


def test_it_says_what_goes_and_asks_twice(member: Client, owner: User) -> None:
    make_artifact(make_job(owner=owner, status=JobStatus.COMPLETED))
    make_job(owner=owner)
    page = member.get(ADDRESS).content.decode()
    assert "2 songs and 2 jobs with all tracks and manifests (" in page
    assert "1 still waiting or running, which is cancelled first" in page
    assert "Type owner to confirm" in page and 'type="password"' in page
    assert exists()


def test_name_and_password_delete_it(member: Client, owner: User) -> None:
    make_job(owner=owner, status=JobStatus.COMPLETED)
    answer = member.post(ADDRESS, RIGHT, follow=True)
    assert answer.redirect_chain == [("/account/deleted/", 302)]
    assert "Your account is deleted" in answer.content.decode()
    assert not User.objects.exists() and not Job.objects.exists()
    assert not member.login(username="owner", password=PASSWORD)


def test_a_running_job_does_not_keep_the_door_open(member: Client, owner: User) -> None:
    make_job(owner=owner, status=JobStatus.PROCESSING)
    member.post(ADDRESS, RIGHT)
    assert member.get("/jobs/").status_code == 302
    assert not member.login(username="owner", password=PASSWORD)
    assert AccountClosure.objects.under_way().count() == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({**RIGHT, "password": "wrong"}, "That is not your password."),
        ({**RIGHT, "password": ""}, "This field is required."),
        ({**RIGHT, "username": "Owner"}, "Type owner, your user name."),
        ({"password": PASSWORD}, "This field is required."),
        ({}, "This field is required."),
    ],
)
def test_anything_less_deletes_nothing(
    member: Client, owner: User, fields: dict[str, str], told: str
) -> None:
    make_job(owner=owner)
    answer = member.post(ADDRESS, fields)
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert exists() and Job.objects.exists()
    assert PASSWORD not in answer.content.decode()


def test_a_link_deletes_nothing_whatever_it_carries(member: Client) -> None:
    assert member.get(ADDRESS, RIGHT).status_code == 200
    assert exists()


def test_a_form_of_another_site_deletes_nothing(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post(ADDRESS, RIGHT).status_code == 403
    assert exists()


def test_the_session_of_another_deletes_nothing_of_this_one(
    client: Client, owner: User, stranger: User
) -> None:
    client.force_login(stranger)
    assert client.post(ADDRESS, RIGHT).status_code == 400
    assert exists("owner") and exists("stranger")


def test_nobody_in_particular_deletes_nothing(client: Client, owner: User) -> None:
    assert client.post(ADDRESS, RIGHT).status_code == 302
    assert exists()


def test_sent_twice_it_deletes_once_and_leads_to_the_log_in(member: Client, owner: User) -> None:
    make_user("stranger")
    member.post(ADDRESS, RIGHT)
    again = member.post(ADDRESS, RIGHT)
    assert (again.status_code, again["Location"]) == (302, f"/accounts/login/?next={ADDRESS}")
    assert AccountClosure.objects.count() == 1 and exists("stranger")


def test_guessing_the_password_is_slowed_down(
    member: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PasswordThrottle, "THROTTLE_RATES", {"password": "2/hour"})
    statuses = [
        member.post(ADDRESS, {**RIGHT, "password": f"guess {n}"}).status_code for n in range(3)
    ]
    assert statuses == [400, 400, 429]
    answer = member.post(ADDRESS, RIGHT)
    assert "Try again in 60 min." in answer.content.decode()
    assert exists()


def test_the_only_administrator_is_told_why_not(client: Client, staff: User) -> None:
    client.force_login(staff)
    answer = client.post(ADDRESS, {"username": "staff", "password": PASSWORD})
    assert answer.status_code == 409
    assert "the only administrator" in answer.content.decode()
    assert exists("staff")


def test_without_a_password_one_is_set_first(member: Client, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    member.force_login(owner)
    page = member.get(ADDRESS).content.decode()
    assert "/accounts/password/set/" in page and 'type="password"' not in page


def test_who_is_logged_in_has_not_been_deleted(member: Client) -> None:
    assert member.get("/account/deleted/")["Location"] == "/account/"
