"""Room is kept from the announcement on, and given back whatever comes of it."""

import shutil
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from jobs.errors import UploadBusy
from jobs.models import Upload
from jobs.services.quotas.reservation import reserve
from jobs.services.quotas.usage import reserved_bytes
from jobs.services.sources import receive_source
from jobs.services.sources.upload_parts import held_part
from jobs.services.uploads.session import begin_upload, receive, terminate
from separation.errors import DiskFull, QuotaExceeded, UnsupportedFormat
from tests.factories import wav_bytes

SONG = wav_bytes()


def begin(owner: User, size: int = len(SONG)) -> Upload:
    return begin_upload(owner=owner, name="a.wav", size_bytes=size, request=None)


def reserved(owner: User) -> int:
    return reserved_bytes([owner.pk])


def test_an_upload_reserves_all_its_bytes_for_its_owner_alone(owner: User, stranger: User) -> None:
    begin(owner, 1000)
    upload = begin(owner, 500)
    receive(upload, chunks=[SONG[:100]], offset=0)
    assert (reserved(owner), reserved(stranger)) == (1500, 0)
    assert Upload.objects.all().bytes_to_come() == 1400


def test_the_room_comes_back_with_every_end(owner: User) -> None:
    finished, refused, given_up, expired = (begin(owner) for _ in range(4))
    receive(finished, chunks=[SONG], offset=0)
    assert reserved(owner) == 3 * len(SONG)
    with pytest.raises(UnsupportedFormat):
        receive(refused, chunks=[b"x" * len(SONG)], offset=0)
    terminate(given_up)
    assert reserved(owner) == len(SONG)
    Upload.objects.filter(pk=expired.pk).update(expires_at=expired.created_at)
    assert reserved(owner) == 0


def test_the_storage_of_the_account_is_asked_before_a_byte_is_taken(
    owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = 76
    with pytest.raises(QuotaExceeded):
        begin(owner, 77)
    with pytest.raises(QuotaExceeded):
        receive_source.receive_source(owner=owner, name="a", chunks=iter(()), declared_size=78)
    assert not Upload.objects.exists()


def test_room_on_the_disk_that_others_reserved_is_not_given_twice(
    owner: User, stranger: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    begin(stranger, 600)
    with pytest.raises(DiskFull):
        begin(owner, 401)
    begin(owner, 400)


def test_an_account_has_only_so_many_uploads_open(
    owner: User, stranger: User, settings: Settings
) -> None:
    settings.MAX_OPEN_UPLOADS = 2
    first, _ = begin(owner), begin(owner)
    with pytest.raises(QuotaExceeded, match="2 unfinished uploads"):
        begin(owner)
    begin(stranger)
    receive(first, chunks=[SONG], offset=0)
    begin(owner)


def test_two_requests_cannot_hold_one_upload(owner: User) -> None:
    upload = begin(owner)
    with held_part(upload), pytest.raises(UploadBusy):
        receive(upload, chunks=[SONG], offset=0)
    receive(upload, chunks=[SONG], offset=0)


def test_uploads_in_one_piece_and_in_several_are_counted_together(owner: User) -> None:
    begin(owner, 1000)
    with reserve(owner=owner, size_bytes=500):
        assert reserved(owner) == 1500
    assert reserved(owner) == 1000
