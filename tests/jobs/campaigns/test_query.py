"""Which songs a campaign is about."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Job, Source
from jobs.models.job import JobStatus
from jobs.services.campaigns.actions import CampaignPlan
from jobs.services.campaigns.query import parse_conditions, sources_of
from separation.errors import InvalidOptions
from tests.factories import make_source
from tests.jobs.campaigns.world import make_song, set_versions


def found(*conditions: str) -> set[Source]:
    return set(sources_of(parse_conditions(conditions), before=timezone.now()))


def test_without_a_condition_every_song_is_meant(owner: User) -> None:
    songs = {make_song().source, make_source()}
    assert found() == songs


def test_the_separator_is_the_one_that_ran(owner: User) -> None:
    spectral = make_song().source
    neural = make_song(ran={"separator": "demucs", "model": "htdemucs"}).source
    untold = make_song(manifest={}, separator="demucs", model_name="htdemucs").source
    assert found("separator=spectral") == {spectral}
    assert found("separator=demucs") == found("model=htdemucs") == {neural, untold}


def test_songs_of_one_owner(owner: User, stranger: User) -> None:
    mine = make_song(owner=owner).source
    make_song(owner=stranger)
    assert found("owner=owner") == {mine}


def test_songs_of_a_time_and_of_a_length(owner: User) -> None:
    old, new = make_song().source, make_song().source
    when = datetime(2026, 1, 31, 12, tzinfo=UTC)
    Source.objects.filter(pk=old.pk).update(created_at=when, duration_s=600.0)
    assert found("created_before=2026-02-01") == found("duration_s>300") == {old}
    assert found("created_after=2026-02-01") == found("duration_s<300") == {new}
    assert found("created_before=2026-01-31T12:00+00:00") == set()
    assert found("created_before=2026-01-31T12:01+00:00", "duration_s>700") == set()


def test_songs_whose_job_is_old_in_some_way(owner: User) -> None:
    old, new = make_song(), make_song(ran={"weights_digest": "new"})
    set_versions(old, separation=0)
    Job.objects.filter(pk=old.pk).update(completed_at=datetime(2026, 1, 1, tzinfo=UTC))
    for condition in (
        "weights_digest=old",
        "stage_version<separation:1",
        "stage_version<current",
        "made_before=2026-02-01",
    ):
        assert found(condition) == {old.source}, condition
    assert found("stage_version<separation:0") == set()
    assert found("weights_digest=new") == {new.source}


def test_only_jobs_that_a_version_could_replace_count(owner: User) -> None:
    make_song(status=JobStatus.FAILED)
    make_song(status=JobStatus.PENDING)
    assert found("separator=spectral") == set()


def test_songs_that_come_later_do_not_belong(owner: User) -> None:
    before = timezone.now()
    make_song()
    assert not sources_of({}, before=before).exists()


@pytest.mark.parametrize("seconds", ["0", "0.5", "1e3"])
def test_any_number_of_seconds_from_nothing_on_may_be_asked(owner: User, seconds: str) -> None:
    assert parse_conditions([f"duration_s<{seconds}"]) == {"duration_s<": float(seconds)}


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("colour=red", r"'colour=red' is not known. There are: separator=NAME, .*stage_version<"),
        ("owner", "is not known"),
        ("owner<ella", "is not known"),
        ("owner=nobody", "there is no account 'nobody'"),
        ("duration_s<soon", "write a number of seconds"),
        ("duration_s<-1", "write a number of seconds"),
        ("duration_s<nan", "write a number of seconds"),
        ("created_before=yesterday", "write a day such as"),
        ("created_before=2026-02-31", "write a day such as|day"),
        ("stage_version<tuba:1", "separation:2"),
        ("stage_version<separation:new", "separation:2"),
        ("model=", "nothing stands behind it"),
    ],
)
def test_what_cannot_be_asked_is_said(owner: User, condition: str, told: str) -> None:
    with pytest.raises(InvalidOptions, match=told):
        parse_conditions([condition])


def test_a_condition_is_given_once(owner: User) -> None:
    with pytest.raises(InvalidOptions, match="twice"):
        parse_conditions(["duration_s<5", "duration_s < 6"])


def test_the_order_and_the_spaces_of_conditions_mean_nothing(owner: User) -> None:
    one = parse_conditions(["duration_s<300", "owner=owner"])
    assert parse_conditions([" owner = owner ", "duration_s < 300.0"]) == one
    assert list(one) == ["duration_s<", "owner="]


def test_the_order_of_choices_makes_no_other_campaign(owner: User) -> None:
    query = parse_conditions([])
    one = CampaignPlan({"separator": "spectral", "seed": 3}, query)
    assert CampaignPlan({"seed": 3, "separator": "spectral"}, query).key == one.key
    assert CampaignPlan({"seed": 4, "separator": "spectral"}, query).key != one.key
