"""The button that cancels all that is left of a batch stops the songs that still arrive, too."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.errors import UploadGone
from jobs.models import Batch, Job, Source, Upload
from jobs.models.upload import incoming_dir
from jobs.services.batches.actions import cancel_batch
from jobs.services.job.create import submit_song
from jobs.services.quotas.reservation import reserve
from jobs.services.uploads.session import begin_upload, receive
from separation.request.separation_request import SeparationRequest
from tests.factories import wav_bytes
from tests.jobs.batches.world import make_batch

SONG = wav_bytes()
SPECTRAL = SeparationRequest.model_validate({"separator": "spectral"})


def arriving(batch: Batch, name: str = "Song.wav") -> Upload:
    """Half of it is here."""
    upload = begin_upload(
        owner=batch.owner, name=name, size_bytes=len(SONG), request=SPECTRAL, batch=batch
    )
    return receive(upload, chunks=[SONG[: len(SONG) // 2]], offset=0)


def left_on_disk() -> list[str]:
    return [file.name for file in incoming_dir().iterdir()]


def test_songs_that_still_arrive_are_cancelled_with_the_others(owner: User) -> None:
    batch, other = make_batch("completed", "pending"), make_batch(name="Other")
    arriving(batch)
    stays = arriving(other, "Another.wav")
    assert cancel_batch(batch=batch).done == 2
    assert [upload.pk for upload in Upload.objects.all()] == [stays.pk]
    assert {name.split(".")[0] for name in left_on_disk()} == {stays.pk.hex}
    assert sorted(Job.objects.values_list("status", flat=True)) == ["cancelled", "completed"]


def test_the_button_works_while_nothing_but_uploads_is_left(client: Client, owner: User) -> None:
    batch = make_batch("completed")
    arriving(batch)
    client.force_login(owner)
    page = client.get(reverse("jobs:batch", args=[batch.pk])).content.decode()
    assert '<button class="button button--quiet">Cancel all that is left</button>' in page
    answer = client.post(reverse("jobs:batch-cancel", args=[batch.pk]), follow=True)
    assert "1 song is stopped." in answer.content.decode()
    assert not Upload.objects.exists()


def test_a_song_of_a_plain_form_makes_no_job_after_it(owner: User, settings: Any) -> None:
    batch = make_batch("completed", owner=owner)

    def chunks() -> Iterator[bytes]:
        yield SONG[:100]
        cancel_batch(batch=batch)
        yield SONG[100:]

    with pytest.raises(UploadGone), reserve(owner=owner) as hold:
        submit_song(
            hold=hold,
            name="Song.wav",
            chunks=chunks(),
            declared_size=len(SONG),
            request=SPECTRAL,
            batch=batch,
        )
    assert (Job.objects.count(), Source.objects.count(), left_on_disk()) == (1, 1, [])
