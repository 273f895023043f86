"""Limits on the pages of users and groups."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.forms import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django.fixtures import Settings

from jobs.admin.limit_field import MOST, BytesField, LimitField
from jobs.models import QuotaLimit
from jobs.models.quota_rules import NO_LIMIT, Kind, rules_of
from tests.factories import make_group, make_job, make_source, make_user, set_quota

LIMITS = ("stored_bytes", "audio_minutes_per_day", "active_jobs", "running_jobs")


@pytest.fixture
def client(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def page_of(row: User | Group) -> str:
    return reverse(f"admin:auth_{row._meta.model_name}_change", args=[row.pk])


def words(html: str) -> str:
    return " ".join(strip_tags(html).split())


def fields_of(page: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands."""
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        box = 'type="checkbox"' in tag or 'type="submit"' in tag
        if name and (not box or ("checked" in tag and "submit" not in tag)):
            sent[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        sent[name] = re.findall(r'value="([^"]*)"[^>]* selected', options)
    return {name: value for name, value in sent.items() if "__prefix__" not in name}


def save(client: Client, row: User | Group, **changed: str) -> str:
    """Change some fields of the page as a person would; returns the page that follows."""
    sent = fields_of(client.get(page_of(row)).content.decode())
    missing = set(changed) - set(sent)
    assert not missing, missing
    return client.post(page_of(row), {**sent, **changed}, follow=True).content.decode()


def test_limits_of_an_account_are_set_on_its_page(client: Client, owner: User) -> None:
    told = save(
        client,
        owner,
        **{"quota_limit-0-stored_bytes": "1.5 GB", "quota_limit-0-active_jobs": "unlimited"},
    )
    assert "was changed successfully" in told
    row = QuotaLimit.objects.get(user=owner)
    assert [getattr(row, name) for name in LIMITS] == [1_500_000_000, None, NO_LIMIT, None]
    shown = fields_of(client.get(page_of(owner)).content.decode())
    assert shown["quota_limit-0-stored_bytes"] == "1500 MB"
    assert shown["quota_limit-0-active_jobs"] == "unlimited"


def test_a_limit_is_taken_back_by_emptying_its_field(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 7
    set_quota(owner, active_jobs=3)
    save(client, owner, **{"quota_limit-0-active_jobs": ""})
    assert rules_of(owner).cap(Kind.ACTIVE_JOBS).most == 7


def test_saving_an_account_without_limits_makes_no_row(client: Client, owner: User) -> None:
    save(client, owner, first_name="Ella")
    owner.refresh_from_db()
    assert owner.first_name == "Ella"
    assert not QuotaLimit.objects.exists()


def test_a_group_has_limits_of_each_member_and_of_all_together(client: Client, owner: User) -> None:
    group = make_group("class", owner)
    save(
        client,
        group,
        **{"quota_limits-0-active_jobs": "3", "quota_limits-1-stored_bytes": "50 GB"},
    )
    rows = {row.shared: row for row in QuotaLimit.objects.filter(group=group)}
    assert (rows[False].active_jobs, rows[False].stored_bytes) == (3, None)
    assert (rows[True].active_jobs, rows[True].stored_bytes) == (None, 50 * 10**9)
    save(client, group, **{"quota_limits-0-active_jobs": "4"})
    assert rules_of(owner).cap(Kind.ACTIVE_JOBS).most == 4


def test_one_of_the_two_may_be_set_alone_and_the_other_later(client: Client, owner: User) -> None:
    group = make_group("class", owner)
    save(client, group, **{"quota_limits-1-running_jobs": "2"})
    assert list(QuotaLimit.objects.values_list("shared", "running_jobs")) == [(True, 2)]
    save(client, group, **{"quota_limits-1-running_jobs": "1"})
    told = QuotaLimit.objects.order_by("shared").values_list("shared", "running_jobs")
    assert list(told) == [(False, 1), (True, 2)]


def test_two_rows_for_one_use_are_refused(client: Client, owner: User) -> None:
    group = make_group("class", owner)
    told = save(
        client,
        group,
        **{
            "quota_limits-0-active_jobs": "1",
            "quota_limits-1-active_jobs": "2",
            "quota_limits-1-shared": "False",
        },
    )
    assert "duplicate" in told
    assert not QuotaLimit.objects.exists()


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", None),
        ("  ", None),
        ("unlimited", NO_LIMIT),
        ("Unlimited", NO_LIMIT),
        ("50 GB", 50 * 10**9),
        ("50gib", 50 * 2**30),
        ("1.5 MB", 1_500_000),
        ("123", 123),
    ],
)
def test_sizes_are_written_as_people_write_them(text: str, stored: int | None) -> None:
    assert BytesField().clean(text) == stored


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (LimitField, "0"),
        (LimitField, "-1"),
        (LimitField, "1.5"),
        (LimitField, "many"),
        (LimitField, "³"),
        (LimitField, str(2**31)),
        (BytesField, "0 GB"),
        (BytesField, "0.1"),
        (BytesField, "5 XB"),
        (BytesField, "GB"),
        (BytesField, "-5 GB"),
        (BytesField, "99999999999 TB"),
    ],
)
def test_what_cannot_be_meant_is_refused(field: type[LimitField], text: str) -> None:
    with pytest.raises(ValidationError, match="unlimited"):
        field().clean(text)


@pytest.mark.parametrize("value", [1, 999, 1000, 10**6, 50 * 10**9, 123_456_789, 2**40, MOST])
def test_a_size_survives_being_shown_and_sent_back(value: int) -> None:
    field = BytesField()
    assert field.clean(field.prepare_value(value)) == value
    assert not field.has_changed(value, field.prepare_value(value))


def test_the_page_of_an_account_shows_use_limit_and_whose_rule_it_is(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 7
    group = make_group("class", owner)
    set_quota(group, stored_bytes=3_000_000)
    set_quota(group, shared=True, audio_minutes_per_day=90)
    set_quota(owner, running_jobs=2)
    make_job(owner=owner, source=make_source(owner=owner, content=b"s" * 1_200_000))
    told = words(client.get(page_of(owner)).content.decode())
    for line in (
        "Storage: 1.2 MB of 3.0 MB (by the group class)",
        "Jobs waiting or running: 1 of 7 (by the site's settings)".replace("'", "&#x27;"),
        "Jobs running: 0 of 2 (by this account's own row)".replace("'", "&#x27;"),
        "Audio in 24 hours: 0 of 90 minutes (all of class together)",
    ):
        assert line in told.replace("'", "&#x27;"), line


def test_the_page_of_a_group_shows_what_its_members_use(
    client: Client, owner: User, stranger: User
) -> None:
    group = make_group("class", owner, stranger)
    set_quota(group, shared=True, active_jobs=2)
    make_job(owner=owner)
    make_job(owner=stranger)
    make_job(owner=make_user("outside"))
    told = words(client.get(page_of(group)).content.decode())
    assert "Jobs waiting or running: 2 of 2, full" in told
    assert "Jobs running: 0, no limit" in told


def test_accounts_and_groups_are_added_as_before(client: Client) -> None:
    for model in ("user", "group"):
        page = client.get(reverse(f"admin:auth_{model}_add"))
        assert page.status_code == 200
        assert "quota_limit" not in page.content.decode()


def test_limits_take_a_permission_of_their_own(client: Client, owner: User) -> None:
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="change_user"))
    client.force_login(clerk)
    assert "quota_limit-0-stored_bytes" not in client.get(page_of(owner)).content.decode()
    clerk.user_permissions.add(Permission.objects.get(codename="add_quotalimit"))
    assert "quota_limit-0-stored_bytes" in client.get(page_of(owner)).content.decode()


def test_who_is_not_staff_sets_nothing(client: Client, owner: User, stranger: User) -> None:
    client.force_login(stranger)
    sent = client.post(page_of(owner), {"quota_limit-0-active_jobs": "1"})
    assert sent.status_code == 302
    assert not QuotaLimit.objects.exists()
