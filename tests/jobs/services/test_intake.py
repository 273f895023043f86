import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from jobs.errors import AccountClosed
from jobs.models import Reservation, Source, Upload
from jobs.services.job.create import receive_source
from jobs.services.quotas.usage import reserved_bytes
from separation.errors import (
    DiskFull,
    EmptyAudio,
    QuotaExceeded,
    SeparationError,
    TooLarge,
    UnsupportedFormat,
)
from tests.factories import make_job, make_user, wav_bytes


def in_pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def never_read() -> Iterator[bytes]:
    pytest.fail("a byte was taken before the limits were looked at")
    yield b""


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_song_is_stored_unchanged_hashed_and_measured(owner: User) -> None:
    data = wav_bytes(0.75, rate_hz=22_050, channels=1)
    source = receive_source(
        owner=owner, name="../My\u202e Song.wav", chunks=in_pieces(data), declared_size=len(data)
    )
    stored = Source.objects.get()
    assert stored == source
    assert source.path.read_bytes() == data
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.original_name == "My Song.wav"
    assert (stored.container, stored.sample_rate_hz, stored.channels) == ("wav", 22_050, 1)
    # A file has whole frames only.
    assert stored.duration_s == pytest.approx(0.75, abs=1 / 22_050)
    assert stored.size_bytes == len(data)


def test_only_the_song_is_left_of_an_upload(owner: User, settings: Settings) -> None:
    source = receive_source(owner=owner, name="a.wav", chunks=[wav_bytes()])
    assert files_under(settings.UPLOAD_DIR) == [source.path]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyAudio),
        (b"This is a letter, not a song. " * 100, UnsupportedFormat),
        (wav_bytes()[:30], SeparationError),
    ],
)
def test_what_is_not_a_song_is_refused_and_leaves_nothing(
    owner: User, settings: Settings, data: bytes, error: type[SeparationError]
) -> None:
    with pytest.raises(error):
        receive_source(owner=owner, name="a.wav", chunks=in_pieces(data))
    assert files_under(settings.UPLOAD_DIR) == []
    assert not Source.objects.exists()


def test_a_size_that_is_too_large_is_refused_before_a_byte_is_taken(
    owner: User, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 2_500_000
    told = r"has 7.2 MB; at most 2.5 MB are accepted"
    with pytest.raises(TooLarge, match=told):
        receive_source(owner=owner, name="a.wav", chunks=never_read(), declared_size=7_249_995)
    with pytest.raises(TooLarge):
        receive_source(owner=owner, name="a.wav", chunks=never_read(), declared_size=2_500_001)


def test_a_body_longer_than_the_limit_is_cut_off_and_leaves_nothing(
    owner: User, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 5000
    body = in_pieces(wav_bytes(), 1000)
    with pytest.raises(TooLarge):
        receive_source(owner=owner, name="a.wav", chunks=body, declared_size=10)
    assert next(body, None) is not None, "more was read than was needed to know"
    assert files_under(settings.UPLOAD_DIR) == []


def test_a_full_disk_refuses_before_a_byte_is_taken(owner: User, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 1 << 62
    with pytest.raises(DiskFull):
        receive_source(owner=owner, name="a.wav", chunks=never_read())


def test_an_account_with_too_many_jobs_is_refused_before_a_byte_is_taken(
    owner: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    make_job(owner=owner)
    with pytest.raises(QuotaExceeded):
        receive_source(owner=owner, name="a.wav", chunks=never_read())


def test_a_connection_that_breaks_leaves_nothing(owner: User, settings: Settings) -> None:
    def broken() -> Iterator[bytes]:
        yield wav_bytes()[:2000]
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        receive_source(owner=owner, name="a.wav", chunks=broken())
    assert files_under(settings.UPLOAD_DIR) == []


@pytest.mark.django_db(transaction=True)
def test_a_row_that_cannot_be_stored_leaves_no_file(settings: Settings) -> None:
    leaver = make_user("leaver")

    def song() -> Iterator[bytes]:
        yield wav_bytes()
        User.objects.filter(pk=leaver.pk).delete()  # while the upload runs

    with pytest.raises(AccountClosed):
        receive_source(owner=leaver, name="a.wav", chunks=song())
    assert files_under(settings.UPLOAD_DIR) == []
    assert not Reservation.objects.exists()
    assert not Upload.objects.exists()


def test_an_upload_holds_its_room_while_it_arrives_and_gives_it_back(owner: User) -> None:
    def held_meanwhile(data: bytes) -> Iterator[bytes]:
        yield data
        held.append(reserved_bytes([owner.pk]))

    held: list[int] = []
    data = wav_bytes()
    receive_source(owner=owner, name="a.wav", chunks=held_meanwhile(data), declared_size=len(data))
    with pytest.raises(UnsupportedFormat):
        receive_source(
            owner=owner, name="b.wav", chunks=held_meanwhile(b"x" * 99), declared_size=99
        )
    assert held == [len(data), 99]
    assert not Upload.objects.exists()
