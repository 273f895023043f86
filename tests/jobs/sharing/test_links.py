"""What may be shared, for how long, and when it ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.errors import JobConflict, ShareOff
from jobs.models import CacheEntry, Job, ShareLink
from jobs.models.job import JobStatus
from jobs.services.housekeeping.expire import expire_everything
from jobs.services.job.delete import delete_job
from jobs.services.sharing import NewLink, count_view, open_link, revoke_link
from separation.errors import InvalidOptions
from tests.factories import make_artifact, make_job, make_user
from tests.jobs.sharing.conftest import STEMS

Share = Callable[..., NewLink]


def test_a_link_leads_to_the_chosen_stems_in_the_order_of_the_mixer(share: Share) -> None:
    shared = open_link(share(stems=["vocals", "drums"]).token)
    assert shared is not None
    assert [track.name for track in shared.tracks] == ["drums", "vocals"]
    assert shared.stem("piano") is None


def test_all_stems_are_shared_where_none_is_named(share: Share) -> None:
    assert share(stems=None).link.stems == list(STEMS)


def test_the_token_is_long_and_nowhere_in_the_database(share: Share) -> None:
    token = share(label="Band").token
    assert len(token) >= 32
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM jobs_sharelink")
        assert token not in str(cursor.fetchall())


def test_a_link_works_for_a_week_or_as_long_as_the_site_allows(
    share: Share, settings: Settings
) -> None:
    in_a_week = timezone.now() + timedelta(days=7)
    assert abs(share().link.expires_at - in_a_week) < timedelta(minutes=1)
    settings.SHARE_MAX_DAYS = 2
    assert abs(share().link.expires_at - (in_a_week - timedelta(days=5))) < timedelta(minutes=1)


@pytest.mark.parametrize("days", [0, -1, 31])
def test_no_link_works_longer_than_the_site_allows(share: Share, days: int) -> None:
    with pytest.raises(InvalidOptions, match="1 to 30 days"):
        share(expires_in_days=days)


@pytest.mark.parametrize("stems", [["residual"], ["guitar"], ["drums", "nothing"]])
def test_only_what_the_mixer_plays_can_be_shared(share: Share, stems: list[str]) -> None:
    with pytest.raises(InvalidOptions, match=r"Choose: drums, vocals, piano\."):
        share(stems=stems)


def test_a_link_to_nothing_is_refused(share: Share) -> None:
    with pytest.raises(InvalidOptions, match="at least one stem"):
        share(stems=[])


def test_files_that_carry_the_title_are_not_given_away_without_it(share: Share) -> None:
    with pytest.raises(InvalidOptions, match="in their tags"):
        share(allow_download=True)
    link = share(allow_download=True, show_title=True).link
    with pytest.raises(IntegrityError):
        ShareLink.objects.filter(pk=link.pk).update(show_title=False)


def test_a_note_is_one_short_line(share: Share) -> None:
    assert share(label=" For\nAnna ").link.label == "For Anna"
    with pytest.raises(InvalidOptions, match="80 characters"):
        share(label="x" * 81)


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.FAILED, JobStatus.COMPLETED])
def test_a_job_without_a_mixer_is_not_shared(share: Share, status: str) -> None:
    from jobs.services.sharing import create_link

    other = make_job(status=status)
    make_artifact(other, "vocals")
    with pytest.raises(JobConflict, match="with a mixer"):
        create_link(job=other, created_by=other.owner)


def test_a_song_has_only_so_many_working_links(share: Share, settings: Settings) -> None:
    settings.SHARE_MAX_LINKS = 2
    first = share()
    share()
    with pytest.raises(JobConflict, match="2 working links"):
        share()
    revoke_link(link=first.link)
    share()


def test_a_site_that_shares_nothing_makes_no_link_and_opens_none(
    share: Share, settings: Settings
) -> None:
    token = share().token
    settings.SHARE = False
    assert open_link(token) is None
    with pytest.raises(ShareOff):
        share()


def test_a_revoked_link_leads_nowhere_and_stays_revoked(share: Share) -> None:
    new = share()
    first = revoke_link(link=new.link).revoked_at
    assert open_link(new.token) is None
    assert revoke_link(link=new.link).revoked_at == first is not None


def test_an_expired_link_leads_nowhere(share: Share) -> None:
    new = share()
    ShareLink.objects.update(expires_at=timezone.now())
    assert open_link(new.token) is None


def test_links_end_with_their_job(share: Share, job: Job) -> None:
    new = share()
    delete_job(job=job)
    assert open_link(new.token) is None
    assert not ShareLink.objects.exists()


def test_links_end_with_the_audio_of_their_job(share: Share, job: Job) -> None:
    new = share()
    Job.objects.update(audio_deleted_at=timezone.now())
    assert open_link(new.token) is None


def test_links_end_with_the_account_and_rest_while_it_is_closed(share: Share, job: Job) -> None:
    new = share()
    job.owner.is_active = False
    job.owner.save()
    assert open_link(new.token) is None
    job.owner.is_active = True
    job.owner.save()
    assert open_link(new.token) is not None
    delete_job(job=job)
    job.owner.delete()
    assert not ShareLink.objects.exists()


def test_whoever_made_a_link_takes_it_along_when_the_account_goes(job: Job) -> None:
    from jobs.services.sharing import create_link

    helper = make_user("helper")
    create_link(job=job, created_by=helper)
    helper.delete()
    assert not ShareLink.objects.exists()
    assert Job.objects.exists()


def test_ended_links_are_forgotten_after_a_month(share: Share) -> None:
    expired, revoked, recent, live = (share().link for _ in range(4))
    a_month_ago = timezone.now() - timedelta(days=30)
    long_ago, lately = a_month_ago - timedelta(hours=1), a_month_ago + timedelta(hours=1)
    ShareLink.objects.filter(pk=expired.pk).update(expires_at=long_ago)
    ShareLink.objects.filter(pk=revoked.pk).update(revoked_at=long_ago)
    ShareLink.objects.filter(pk=recent.pk).update(revoked_at=lately)
    expire_everything()
    assert set(ShareLink.objects.all()) == {recent, live}


def test_a_view_is_counted_once_an_hour_for_each_visitor_and_link(share: Share) -> None:
    one, other = share().link, share().link
    for visitor in ("a", "a", "b", "a"):
        count_view(link=one, visitor=visitor)
    count_view(link=other, visitor="a")
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.views, other.views) == (2, 1)


def test_nothing_of_a_visitor_is_written_down(share: Share) -> None:
    count_view(link=share().link, visitor="203.0.113.7 Browser/1.0")
    stored = str(list(CacheEntry.objects.values()))
    assert CacheEntry.objects.exists()
    assert "203.0.113" not in stored


@pytest.mark.parametrize("days", [1, 30])
def test_a_link_may_work_from_a_day_to_the_most_that_the_site_allows(
    share: Share, days: int
) -> None:
    ends = timezone.now() + timedelta(days=days)
    assert abs(share(expires_in_days=days).link.expires_at - ends) < timedelta(minutes=1)
