"""What the upload page's script asks for, step by step."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Job, Upload
from jobs.services.uploads.session import receive
from tests.factories import make_job, make_source, wav_bytes

SONG = wav_bytes()
CHOICES = {
    "model": "spectral:spectral",
    "stages": ["separation", "harmonic_percussive", "composite", "normalization"],
}
FILE = {"name": "Night train.wav", "size_bytes": len(SONG), "modified_ms": 1_700_000_000_123}


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def other(stranger: User) -> Client:
    client = Client()
    client.force_login(stranger)
    return client


def begin(client: Client, **fields: Any) -> Any:
    return client.post(reverse("jobs:upload-begin"), {**CHOICES, **FILE, **fields})


def send(data: bytes = SONG) -> None:
    for upload in Upload.objects.filter(source=None):
        receive(upload, chunks=[data], offset=None)


def test_a_file_is_announced_with_the_choices_of_the_form(member: Client, owner: User) -> None:
    answer = begin(member, stem_choice="karaoke", format="mp3")
    assert answer.status_code == 201
    upload = Upload.objects.get()
    assert (upload.owner, upload.name, upload.size_bytes) == (owner, FILE["name"], len(SONG))
    assert upload.request is not None
    assert (upload.request["two_stems"], upload.request["format"]) == ("vocals", "mp3")
    addresses = answer.json()
    assert addresses["upload"] == reverse("api:upload", args=[upload.pk])
    assert member.get(addresses["outcome"]).json() == {"state": "receiving"}
    send()
    job = Job.objects.get()
    told = {"state": "queued", "url": reverse("jobs:detail", args=[job.pk])}
    assert member.get(addresses["outcome"]).json() == told


def test_the_same_file_goes_on_where_it_was_with_the_choices_of_now(member: Client) -> None:
    begin(member)
    upload = Upload.objects.get()
    receive(upload, chunks=[SONG[:100]], offset=0)
    again = begin(member, format="mp3")
    assert again.json()["upload"] == reverse("api:upload", args=[upload.pk])
    upload.refresh_from_db()
    assert upload.request is not None
    assert (upload.offset, upload.request["format"]) == (100, "mp3")


@pytest.mark.parametrize("changed", [{"name": "b.wav"}, {"size_bytes": 7}, {"modified_ms": 8}])
def test_another_file_does_not_continue_the_first(member: Client, changed: dict[str, Any]) -> None:
    begin(member)
    begin(member, **changed)
    assert Upload.objects.count() == 2


def test_nobody_continues_the_file_of_somebody_else(member: Client, other: Client) -> None:
    begin(member)
    begin(other)
    assert Upload.objects.values("owner").distinct().count() == 2


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"size_bytes": ""}, 400, "invalid_options"),
        ({"size_bytes": 0}, 400, "empty_audio"),
        ({"size_bytes": 10**12}, 413, "too_large"),
        ({"modified_ms": "yesterday"}, 400, "invalid_options"),
        ({"model": "magic"}, 400, "invalid_options"),
        ({"stages": []}, 400, "invalid_options"),
    ],
)
def test_what_cannot_be_is_refused_before_a_byte_is_sent(
    member: Client, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = begin(member, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Upload.objects.exists()


def test_a_song_known_already_is_offered_with_its_newest_job(member: Client, owner: User) -> None:
    known = make_source(owner=owner, content=SONG, original_name="Before.wav")
    old = make_job(owner=owner, source=known, status="completed")
    addresses = begin(member).json()
    send()
    url = reverse("jobs:detail", args=[old.pk])
    told = {"state": "known", "name": "Before.wav", "url": url}
    assert member.get(addresses["outcome"]).json() == told
    made = [member.post(addresses["again"]) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    new = Job.objects.exclude(pk=old.pk).get()
    assert made[0].json() == made[1].json() == {"url": reverse("jobs:detail", args=[new.pk])}
    assert (new.source, new.separator) == (known, "spectral")


def test_an_upload_that_is_no_song_yet_cannot_be_separated(member: Client) -> None:
    answer = member.post(begin(member).json()["again"])
    assert (answer.status_code, answer.json()["code"]) == (409, "source_missing")
    assert not Job.objects.exists()


def test_a_song_that_was_sent_without_choices_is_not_separated_unasked(
    member: Client, owner: User
) -> None:
    upload = Upload.objects.create(
        owner=owner, name="a.wav", size_bytes=1, source=make_source(owner=owner),
        expires_at=Upload.fresh_expiry(),
    )  # fmt: skip
    answer = member.post(reverse("jobs:upload-again", args=[upload.pk]))
    assert (answer.status_code, answer.json()["code"]) == (409, "source_missing")


def test_a_form_without_script_says_that_the_song_was_sent_before(member: Client) -> None:
    from tests.jobs.web.test_upload import send as send_form
    from tests.jobs.web.test_upload import song

    send_form(member, song("First.wav"))
    assert b"sent this very song before" not in member.get("/jobs/").content
    send_form(member, song("Second.wav"))
    page = member.get("/jobs/").content.decode()
    assert "Second: you had sent this very song before, as First." in page
    assert Job.objects.count() == 2


def test_unfinished_uploads_are_listed_and_can_be_discarded(member: Client, other: Client) -> None:
    begin(member)
    upload = Upload.objects.get()
    receive(upload, chunks=[SONG[:5000]], offset=0)
    page = member.get("/").content.decode()
    assert "Unfinished uploads" in page and "Night train.wav" in page and "5 kB of" in page
    assert "Unfinished uploads" not in other.get("/").content.decode()
    discard = reverse("jobs:upload-discard", args=[upload.pk])
    assert other.post(discard).status_code == 404
    assert Upload.objects.exists()
    assert member.post(discard).headers["Location"] == "/"
    assert not Upload.objects.exists() and not upload.part.exists()


def test_a_form_that_is_being_received_is_no_upload_to_go_on_with(
    member: Client, owner: User
) -> None:
    Upload.objects.create(
        owner=owner, name="form.wav", size_bytes=9, is_resumable=False,
        expires_at=Upload.fresh_expiry(),
    )  # fmt: skip
    assert b"form.wav" not in member.get("/").content


def test_a_stranger_learns_nothing_of_an_upload(member: Client, other: Client) -> None:
    addresses = begin(member).json()
    nowhere = reverse("jobs:upload-outcome", args=[uuid.uuid4()])
    answers = [other.get(addresses["outcome"]), other.get(nowhere)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert other.post(addresses["again"]).status_code == 404


def test_somebody_logged_out_is_told_so_as_json(client: Client, db: None) -> None:
    key = uuid.uuid4()
    answers = [
        begin(client),
        client.get(reverse("jobs:upload-outcome", args=[key])),
        client.post(reverse("jobs:upload-again", args=[key])),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert client.post(reverse("jobs:upload-discard", args=[key])).status_code == 302


def test_every_step_needs_the_csrf_token(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert begin(client).status_code == 403
    assert not Upload.objects.exists()
