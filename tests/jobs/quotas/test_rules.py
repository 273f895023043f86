"""Whose limit counts: of the account, its groups or the site; and that of a group as a whole."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from jobs.models import QuotaLimit
from jobs.models.quota_rules import NO_LIMIT, Kind, rules_of
from jobs.services.quotas.limits import check_quota, check_storage
from separation.errors import QuotaExceeded
from tests.factories import make_group, make_job, make_source, set_quota


def own(user: User, kind: Kind = Kind.ACTIVE_JOBS) -> int | None:
    return rules_of(user).cap(kind).most


def test_without_a_row_the_settings_count(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS, settings.MAX_STORED_BYTES = 7, 0
    assert (own(owner), own(owner, Kind.STORED_BYTES)) == (7, None)
    assert rules_of(owner).cap(Kind.ACTIVE_JOBS).origin == "the site's settings"


def test_the_row_of_the_account_goes_before_all_others(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 7
    set_quota(make_group("class", owner), active_jobs=50)
    set_quota(owner, active_jobs=3)
    assert own(owner) == 3


def test_of_several_groups_the_most_generous_counts(
    owner: User, stranger: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 7
    set_quota(make_group("class", owner), active_jobs=4)
    set_quota(make_group("choir", owner), active_jobs=6)
    set_quota(make_group("others", stranger), active_jobs=90)
    assert own(owner) == 6
    assert rules_of(owner).cap(Kind.ACTIVE_JOBS).origin == "the group choir"
    set_quota(make_group("staff", owner), active_jobs=NO_LIMIT)
    assert own(owner) is None


def test_each_field_is_decided_by_itself(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 7
    set_quota(owner, stored_bytes=10)
    set_quota(make_group("class", owner), running_jobs=2)
    told = {str(kind): own(owner, kind) for kind in Kind}
    assert told == {
        "stored_bytes": 10,
        "audio_minutes_per_day": None,
        "active_jobs": 7,
        "running_jobs": 2,
    }


def test_an_account_may_be_freed_of_the_limit_of_the_site(owner: User, settings: Settings) -> None:
    settings.MAX_STORED_BYTES = 10
    set_quota(owner, stored_bytes=NO_LIMIT)
    assert own(owner, Kind.STORED_BYTES) is None
    check_storage(owner=owner, size_bytes=10**9)


def test_members_use_up_what_their_group_has_together(owner: User, stranger: User) -> None:
    group = make_group("class 4b", owner, stranger)
    set_quota(group, shared=True, active_jobs=2)
    make_job(owner=owner)
    check_quota(owner=owner)
    make_job(owner=stranger)
    with pytest.raises(QuotaExceeded, match=r"group class 4b have 2 jobs.* 2 are allowed for all"):
        check_quota(owner=owner)
    group.user_set.remove(stranger)
    check_quota(owner=owner)


def test_what_a_group_gives_to_each_member_is_not_shared(owner: User, stranger: User) -> None:
    set_quota(make_group("class", owner, stranger), active_jobs=2)
    for _ in range(2):
        make_job(owner=stranger)
    make_job(owner=owner)
    check_quota(owner=owner)
    with pytest.raises(QuotaExceeded, match=r"You have 2 jobs .* 2 are allowed\."):
        check_quota(owner=stranger)


def test_a_generous_row_frees_nobody_from_the_limit_of_the_group(
    owner: User, stranger: User
) -> None:
    set_quota(make_group("class", owner, stranger), shared=True, stored_bytes=1000)
    set_quota(owner, stored_bytes=NO_LIMIT)
    make_source(owner=stranger, content=b"x" * 600)
    check_storage(owner=owner, size_bytes=400)
    words = r"401|group class store 1 kB of the 1 kB that they may store together"
    with pytest.raises(QuotaExceeded, match=words):
        check_storage(owner=owner, size_bytes=401)


def test_an_account_in_two_groups_keeps_the_limits_of_both(owner: User, stranger: User) -> None:
    set_quota(make_group("wide", owner, stranger), shared=True, active_jobs=5)
    set_quota(make_group("narrow", owner), shared=True, active_jobs=1)
    make_job(owner=owner)
    with pytest.raises(QuotaExceeded, match="group narrow"):
        check_quota(owner=owner)
    check_quota(owner=stranger)


def test_the_rules_cost_one_query(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for name in ("a", "b", "c"):
        set_quota(make_group(name, owner), active_jobs=4)
        set_quota(make_group(name), shared=True, active_jobs=9)
    with django_assert_num_queries(1):
        rules = rules_of(owner)
        assert [cap.group.name for cap in rules.caps(Kind.ACTIVE_JOBS)[1:] if cap.group] == [
            "a",
            "b",
            "c",
        ]


@pytest.mark.parametrize("odd", ["nobody", "both", "shared by one"])
def test_a_row_is_of_one_account_or_of_one_group(owner: User, odd: str) -> None:
    rows: dict[str, dict[str, Any]] = {
        "nobody": {},
        "both": {"user": owner, "group": make_group("class")},
        "shared by one": {"user": owner, "shared": True},
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        QuotaLimit.objects.create(**rows[odd])


def test_a_group_has_one_row_for_each_use(owner: User) -> None:
    group = make_group("class")
    QuotaLimit.objects.create(group=group)
    QuotaLimit.objects.create(group=group, shared=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        QuotaLimit.objects.create(group=group)
