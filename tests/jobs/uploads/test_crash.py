"""What a kill leaves behind is taken up again, at the true offset."""

import hashlib
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from jobs.models import Job, Source, Upload
from jobs.services.housekeeping.expire import expire_uploads
from jobs.services.sources.digests import Digest, DigestMemory
from jobs.services.sources.upload_parts import Checksum, held_part
from jobs.services.uploads import session as service
from jobs.services.uploads.session import begin_upload, finish_if_complete, receive
from separation.request.separation_request import SeparationRequest
from tests.factories import wav_bytes
from tests.jobs.uploads.conftest import Stored

SONG = wav_bytes()


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours runs any more."""


def begin(owner: User, *, job: bool = True) -> Upload:
    request = SeparationRequest(separator="spectral") if job else None
    return begin_upload(owner=owner, name="a.wav", size_bytes=len(SONG), request=request)


def broken_off() -> Iterator[bytes]:
    yield SONG[:5000]
    raise ConnectionResetError("gone")


def test_a_connection_that_breaks_keeps_what_has_arrived(owner: User) -> None:
    upload = begin(owner)
    with pytest.raises(ConnectionResetError):
        receive(upload, chunks=broken_off(), offset=0)
    assert finish_if_complete(upload).offset == Upload.objects.get().offset == 5000
    receive(upload, chunks=[SONG[5000:]], offset=5000)
    source = Source.objects.get()
    assert source.sha256 == hashlib.sha256(SONG).hexdigest()
    assert source.path.read_bytes() == SONG


def test_the_file_is_the_truth_where_nobody_wrote_the_offset_down(owner: User) -> None:
    upload = begin(owner)
    with held_part(upload) as part:
        part.path.write_bytes(SONG[:7000])
    assert Upload.objects.get().offset == 0
    assert finish_if_complete(upload).offset == 7000
    assert receive(upload, chunks=[SONG[7000:]], offset=7000).is_finished


def test_bytes_whose_checksum_was_never_compared_do_not_count(owner: User) -> None:
    upload = begin(owner)
    receive(upload, chunks=[SONG[:1000]], offset=0)
    Upload.objects.update(unverified_from=1000)
    with upload.part.open("ab") as file:
        file.write(b"perhaps damaged")
    upload.refresh_from_db()
    assert finish_if_complete(upload).offset == 1000
    digest = hashlib.sha256(SONG[1000:]).digest()
    done = receive(upload, chunks=[SONG[1000:]], offset=1000, checksum=Checksum("sha256", digest))
    assert done.is_finished
    assert Source.objects.get().path.read_bytes() == SONG


def test_a_broken_connection_with_a_checksum_keeps_nothing_of_it(owner: User) -> None:
    upload = begin(owner)
    with pytest.raises(ConnectionResetError):
        receive(upload, chunks=broken_off(), offset=0, checksum=Checksum("sha1", b"?"))
    assert finish_if_complete(upload).offset == 0
    assert Upload.objects.get().unverified_from is None


def test_a_whole_upload_that_nobody_finished_is_finished_by_whoever_asks(owner: User) -> None:
    upload = begin(owner)
    with held_part(upload) as part:
        part.append([SONG], offset=0)
    done = finish_if_complete(upload)
    assert done.is_finished and done.job == Job.objects.get()
    assert finish_if_complete(Upload.objects.get()).job == done.job
    assert Job.objects.count() == 1


def test_a_kill_between_the_move_and_the_commit_loses_nothing(owner: User, stored: Stored) -> None:
    upload = begin(owner)
    with held_part(upload) as part:
        part.append([SONG], offset=0)
    moved = Source(pk=upload.pk).path
    moved.parent.mkdir(parents=True)
    upload.part.rename(moved)
    assert finish_if_complete(upload).is_finished
    assert stored() == [Source.objects.get().path]
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_unforeseen_fault_at_the_end_leaves_the_upload_to_be_finished(
    monkeypatch: pytest.MonkeyPatch, owner: User
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise Killed

    upload = begin(owner)
    with monkeypatch.context() as patch:
        patch.setattr(service, "create_job", fails)
        with pytest.raises(Killed):
            receive(upload, chunks=[SONG], offset=0)
    assert not Source.objects.exists()
    assert finish_if_complete(Upload.objects.get()).is_finished
    assert Job.objects.get().source.path.read_bytes() == SONG


def test_expired_uploads_are_swept_and_others_stay(
    owner: User, stored: Stored, settings: Settings
) -> None:
    old, moving, young = (begin(owner) for _ in range(3))
    for upload in (old, moving, young):
        receive(upload, chunks=[SONG[:100]], offset=0)
    past = old.created_at.replace(year=2000)
    Upload.objects.exclude(pk=young.pk).update(expires_at=past)
    with held_part(moving):
        assert expire_uploads() == 1
    assert set(Upload.objects.all()) == {moving, young}
    assert not old.part.exists() and not old.lock_file.exists()
    assert moving.part in stored() and young.part in stored()


def test_the_row_of_a_finished_upload_goes_and_its_song_stays(owner: User, stored: Stored) -> None:
    upload = receive(begin(owner), chunks=[SONG], offset=0)
    Upload.objects.update(expires_at=upload.created_at)
    assert expire_uploads() == 1
    assert stored() == [Source.objects.get().path]
    assert Job.objects.exists() and not Upload.objects.exists()


def test_the_hash_of_one_request_reads_nothing_back_and_of_another_process_all(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    catch_up = Digest.catch_up

    def watched(digest: Digest, path: object) -> None:
        before = digest.offset
        catch_up(digest, path)  # type: ignore[arg-type]
        read.append(digest.offset - before)

    monkeypatch.setattr(Digest, "catch_up", watched)
    receive(begin(owner), chunks=[SONG[:9], SONG[9:]], offset=0)
    upload = begin(owner, job=False)
    receive(upload, chunks=[SONG[:1000]], offset=0)
    receive(upload, chunks=[SONG[1000:]], offset=1000)
    other = begin(owner, job=False)
    receive(other, chunks=[SONG[:1000]], offset=0)
    monkeypatch.setattr("jobs.services.sources.upload_parts.digests", DigestMemory())
    receive(other, chunks=[SONG[1000:]], offset=1000)
    assert read == [0, 0, len(SONG)]
    assert Source.objects.get().sha256 == hashlib.sha256(SONG).hexdigest()


def test_a_process_remembers_only_so_many_hashes(owner: User) -> None:
    memory = DigestMemory(2)
    kept = {upload.pk: Digest() for upload in (begin(owner) for _ in range(3))}
    for key, digest in kept.items():
        digest.update(b"x")
        memory.keep(key, digest)
    assert [memory.take(key).offset for key in kept] == [0, 1, 1]
