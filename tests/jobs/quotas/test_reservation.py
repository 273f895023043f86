"""What an upload holds while it lasts, and gives back however it ends."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from jobs.models import Job, Reservation, Source
from jobs.services.housekeeping.expire import expire_everything
from jobs.services.job.create import submit_song
from jobs.services.quotas import reservation
from jobs.services.quotas.reservation import reserve
from jobs.services.quotas.usage import reserved_bytes, reserved_jobs
from jobs.services.sources.receive_source import receive_source
from separation.errors import QuotaExceeded, SeparationError, UnsupportedFormat
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source, wav_bytes

SPECTRAL = SeparationRequest(separator="spectral")
SONG = wav_bytes()
NO_SONG = b"This is a letter, not a song. " * 100


def reserved(owner: User) -> tuple[int, int]:
    return reserved_bytes([owner.pk]), reserved_jobs([owner.pk])


def watched(owner: User, seen: list[tuple[int, int]], data: bytes = SONG) -> Iterator[bytes]:
    """A body that looks at what is reserved between its blocks."""
    for start in range(0, len(data), 30_000):
        yield data[start : start + 30_000]
        seen.append(reserved(owner))


def test_room_and_a_place_are_held_from_before_the_first_byte_until_song_and_job_are_stored(
    owner: User,
) -> None:
    seen: list[tuple[int, int]] = []
    with reserve(owner=owner, size_bytes=len(SONG) + 1000) as hold:
        assert reserved(owner) == (len(SONG) + 1000, 1)
        job = submit_song(
            hold=hold,
            name="a.wav",
            chunks=watched(owner, seen),
            declared_size=len(SONG),
            request=SPECTRAL,
        )
        assert reserved(owner) == (1000, 0)
    assert set(seen) == {(len(SONG) + 1000, 1)}
    assert job.source.size_bytes == len(SONG)
    assert not Reservation.objects.exists()


def test_the_last_place_is_kept_for_the_upload_that_holds_it(
    owner: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    with reserve(owner=owner, size_bytes=len(SONG)) as hold:
        with pytest.raises(QuotaExceeded, match="1 are allowed"), reserve(owner=owner):
            pytest.fail("two uploads hold one place")
        sent: dict[str, Any] = {"name": "a.wav", "chunks": [SONG], "declared_size": len(SONG)}
        submit_song(hold=hold, request=SPECTRAL, **sent)
        with pytest.raises(QuotaExceeded, match="1 are allowed"):
            submit_song(hold=hold, request=SPECTRAL, **sent)
    assert Job.objects.count() == 1
    assert Source.objects.count() == 1


def test_tracks_that_fill_the_storage_meanwhile_do_not_refuse_a_song_whose_room_is_reserved(
    owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = len(SONG)
    with reserve(owner=owner, size_bytes=len(SONG)) as hold:
        make_source(owner=owner, content=b"t" * 50)
        submit_song(
            hold=hold, name="a.wav", chunks=[SONG], declared_size=len(SONG), request=SPECTRAL
        )
    with pytest.raises(QuotaExceeded), reserve(owner=owner):
        pytest.fail("there is no room")


@pytest.mark.parametrize("fault", ["no song", "connection"])
def test_a_failure_gives_everything_back(owner: User, settings: Settings, fault: str) -> None:
    settings.MAX_ACTIVE_JOBS, settings.MAX_STORED_BYTES = 1, len(SONG)

    def body() -> Iterator[bytes]:
        yield NO_SONG
        assert reserved(owner) == (len(SONG), 1)
        if fault == "connection":
            raise ConnectionResetError("gone")

    with pytest.raises((SeparationError, ConnectionResetError)):
        receive_source(owner=owner, name="a.wav", chunks=body(), declared_size=len(SONG))
    assert not Reservation.objects.exists()
    receive_source(owner=owner, name="a.wav", chunks=[SONG], declared_size=len(SONG))


def test_choices_that_are_refused_after_the_song_give_everything_back(
    owner: User, settings: Settings
) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 1
    song = wav_bytes(61.0, rate_hz=1000, channels=1)
    with pytest.raises(QuotaExceeded, match="Cut the song"), reserve(owner=owner) as hold:
        submit_song(hold=hold, name="a.wav", chunks=[song], declared_size=None, request=SPECTRAL)
    assert not Reservation.objects.exists()
    assert not Source.objects.exists()


def test_an_upload_of_unknown_length_takes_room_as_it_grows(
    owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reservation, "STEP_BYTES", 20_000)
    settings.MAX_STORED_BYTES = len(SONG)
    seen: list[tuple[int, int]] = []
    receive_source(owner=owner, name="a.wav", chunks=watched(owner, seen))
    assert [held for held, _ in seen] == [50_000, 80_000, len(SONG)]


def test_an_upload_of_unknown_length_is_cut_off_where_the_room_ends(
    owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = len(SONG) - 1
    seen: list[tuple[int, int]] = []
    with pytest.raises(QuotaExceeded, match="more do not fit"):
        receive_source(owner=owner, name="a.wav", chunks=watched(owner, seen))
    assert len(seen) == 2  # the third block, which did not fit, was never written
    assert not Reservation.objects.exists()


def test_nothing_is_read_where_there_is_no_room_for_a_byte(owner: User, settings: Settings) -> None:
    settings.MAX_STORED_BYTES = 100
    make_source(owner=owner, content=b"s" * 100)
    with pytest.raises(QuotaExceeded, match="no room for anything more"), reserve(owner=owner):
        pytest.fail("the block began")


def test_nothing_is_read_when_the_minutes_of_the_day_are_used(
    owner: User, settings: Settings
) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 1
    owner.audio_uses.create(seconds=60.0)
    with pytest.raises(QuotaExceeded, match=r"1 minutes.*all of them are used"):
        receive_source(owner=owner, name="a.wav", chunks=iter([SONG]))


def test_an_upload_that_moves_keeps_its_hold(
    owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with reserve(owner=owner, size_bytes=100) as hold:
        Reservation.objects.update(expires_at=timezone.now() + timedelta(seconds=5))
        hold.need(size_bytes=50)
        assert Reservation.objects.get().expires_at < timezone.now() + timedelta(seconds=6)
        now[0] += settings.RESERVATION_S / 4
        hold.need(size_bytes=50)
        left = Reservation.objects.get().expires_at - timezone.now()
        assert left > timedelta(seconds=settings.RESERVATION_S - 5)


def test_a_block_that_fits_costs_no_query(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with reserve(owner=owner, size_bytes=100) as hold, django_assert_num_queries(0):
        hold.grow(size_bytes=100)


def expire(owner: User) -> None:
    Reservation.objects.filter(owner=owner).update(expires_at=timezone.now())


def test_one_that_nobody_renews_expires_and_is_swept(owner: User, settings: Settings) -> None:
    """What a process leaves that is killed in the middle of an upload."""
    settings.MAX_ACTIVE_JOBS = 1
    Reservation.objects.create(
        owner=owner, size_bytes=9, jobs=1, expires_at=timezone.now() + timedelta(seconds=60)
    )
    expire_everything()
    assert reserved(owner) == (9, 1)
    expire(owner)
    assert reserved(owner) == (0, 0)
    with reserve(owner=owner, size_bytes=10):
        expire_everything()
        assert reserved(owner) == (10, 1)
        assert Reservation.objects.count() == 1


@pytest.mark.parametrize("taken", [False, True])
def test_a_hold_that_expired_is_taken_again_where_there_is_room(
    owner: User, settings: Settings, taken: bool
) -> None:
    """As when a connection stood still for long, and somebody else was let in."""
    settings.MAX_STORED_BYTES = len(SONG) + 10

    def body() -> Iterator[bytes]:
        yield SONG
        expire(owner)
        if taken:
            make_source(owner=owner, content=b"s" * 11)

    sent: dict[str, Any] = {"name": "a.wav", "chunks": body(), "declared_size": len(SONG)}
    if taken:
        with pytest.raises(QuotaExceeded):
            receive_source(owner=owner, **sent)
        assert Source.objects.count() == 1
    else:
        receive_source(owner=owner, **sent)


def test_a_place_that_expired_and_is_taken_is_refused(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    with pytest.raises(QuotaExceeded), reserve(owner=owner) as hold:
        source = receive_source(owner=owner, name="a.wav", chunks=[SONG], hold=hold)
        expire(owner)
        make_job(owner=owner, source=source)
        submit_song(hold=hold, name="b.wav", chunks=[SONG], declared_size=None, request=SPECTRAL)
    assert Job.objects.count() == 1


def test_whoever_sent_a_wrong_file_may_send_another(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    with reserve(owner=owner) as hold:
        sent: dict[str, Any] = {"name": "a.wav", "declared_size": None, "request": SPECTRAL}
        with pytest.raises(UnsupportedFormat):
            submit_song(hold=hold, chunks=[NO_SONG], **sent)
        submit_song(hold=hold, chunks=[SONG], **sent)
    assert Job.objects.count() == 1


def test_an_upload_of_unknown_length_takes_four_megabytes_ahead(owner: User) -> None:
    with reserve(owner=owner) as hold:
        hold.grow(size_bytes=1000)
        assert reserved(owner) == (1000 + 4 * 1024 * 1024, 1)
        hold.grow(size_bytes=2000)
        assert reserved(owner) == (1000 + 4 * 1024 * 1024, 1)


def test_near_its_limit_an_upload_takes_no_more_than_it_needs(
    owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = 5000
    with reserve(owner=owner) as hold:
        hold.grow(size_bytes=1000)
        assert reserved(owner) == (1000, 1)


def test_what_is_spent_of_a_hold_leaves_the_rest(owner: User) -> None:
    with reserve(owner=owner, size_bytes=100) as hold:
        hold.spend(size_bytes=30)
        assert reserved(owner) == (70, 1)
        hold.spend(place=True)
        assert reserved(owner) == (70, 0)
