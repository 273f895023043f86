"""Songs, previews and batches that would look alike in the history do not."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.models import Batch, Job, Source
from jobs.models.job import JobStatus
from jobs.services.batches.actions import create_batch
from separation.request.presets import with_preset
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source, wav_bytes


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def send(client: Client, name: str, seed: int) -> None:
    song = SimpleUploadedFile(name, wav_bytes(0.2, seed=seed))
    form = {"model": "spectral:spectral", "stem_choice": "all", "stages": ["separation"]}
    assert client.post("/", {**form, "files": [song]}).status_code == 302


def rows(client: Client) -> list[str]:
    page = client.get(reverse("jobs:history")).content.decode()
    cells = re.findall(r'<li class="song".*?</details>\s*</li>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in cells]


def test_songs_that_are_sent_under_one_name_are_numbered(member: Client, owner: User) -> None:
    for seed in range(3):
        send(member, "mixture.flac", seed)
    send(member, "other.flac", 9)
    labels = {source.label for source in Source.objects.all()}
    assert labels == {"mixture", "mixture (2)", "mixture (3)", "other"}
    page = "\n".join(rows(member))
    assert all(label in page for label in labels)
    job = Job.objects.get(source__name_number=3)
    assert "<h1>mixture (3)</h1>" in member.get(f"/jobs/{job.pk}/").content.decode()


def test_numbers_are_those_of_one_account(member: Client, owner: User, stranger: User) -> None:
    make_source(owner=stranger, original_name="mixture.flac")
    send(member, "mixture.flac", 1)
    assert Source.objects.get(owner=owner).label == "mixture"


def test_a_number_stays_when_an_earlier_song_is_deleted(member: Client, owner: User) -> None:
    for seed in range(3):
        send(member, "mixture.flac", seed)
    Job.objects.filter(source__name_number__in=(1, 2)).delete()
    Source.objects.filter(name_number__in=(1, 2)).delete()
    assert Source.objects.get().label == "mixture (3)"
    send(member, "mixture.flac", 4)
    assert {each.name_number for each in Source.objects.all()} == {3, 4}


def preview(owner: User, **fields: Any) -> Job:
    source = make_source(owner=owner, content=b"", duration_s=225.0)
    options = with_preset({"preset": "preview"}, {}, lambda separator, model: True)
    return make_job(owner=owner, source=source, request=SeparationRequest(**options), **fields)


def test_a_preview_is_marked_and_has_its_own_length(member: Client, owner: User) -> None:
    preview(owner)
    whole = make_source(owner=owner, content=b"", duration_s=225.0)
    make_job(owner=owner, source=whole, request=SeparationRequest(separator="spectral"))
    newest, older = rows(member)
    assert "Preview" not in newest and "3:45" in newest and "of 3:45" not in newest
    assert "Preview" in older and "0:30 of 3:45" in older


def test_a_finished_job_shows_what_was_measured_and_what_ran(member: Client, owner: User) -> None:
    manifest = {
        "range": {"start_s": 75.0, "end_s": 105.0, "song_s": 225.0},
        "separation": {"separator": "standard", "model": "standard"},
    }
    preview(owner, status=JobStatus.COMPLETED, manifest=manifest)
    (row,) = rows(member)
    assert "standard" in row and "auto" not in row
    assert "0:30 of 3:45" in row


def test_a_part_of_a_song_that_is_no_preview_is_marked_as_a_part(
    member: Client, owner: User
) -> None:
    request = SeparationRequest(separator="spectral", range_start_s=10.0, range_length_s=20.0)
    source = make_source(owner=owner, content=b"", duration_s=225.0)
    make_job(owner=owner, source=source, request=request)
    (row,) = rows(member)
    assert "Part" in row and "0:20 of 3:45" in row


def test_batches_of_one_minute_have_names_of_their_own(owner: User, stranger: User) -> None:
    names = [create_batch(owner=owner).name for _ in range(3)]
    assert len(set(names)) == 3
    assert all(name.startswith("Songs of ") for name in names)
    assert create_batch(owner=stranger).name.count("(") == 0
    assert Batch.objects.filter(owner=owner).count() == 3


def test_a_name_that_somebody_chose_is_left_as_it_is(owner: User) -> None:
    names = [create_batch(owner=owner, name="Friday").name for _ in range(2)]
    assert names == ["Friday", "Friday"]
