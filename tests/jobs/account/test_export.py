"""The export of an account: everything of it, nothing of others, and not all the time."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.http.throttles import ExportThrottle
from jobs.models import AudioUse, Job, ShareLink, Tag
from jobs.models.job import JobStatus
from jobs.services.account import export
from jobs.services.account.preferences import set_defaults
from jobs.services.account.tokens import create_token
from jobs.services.uploads.session import begin_upload
from tests.factories import make_artifact, make_job, make_source

ADDRESS = "/account/export/"

EXPORTED = {
    "account.EmailAddress": "email_addresses",
    "jobs.ApiToken": "api_tokens",
    "jobs.AudioUse": "audio_separated_lately",
    "jobs.Batch": "batches",
    "jobs.Job": "jobs",
    "jobs.MixerState": "mixers",
    "jobs.Preferences": "preferences",
    "jobs.QuotaLimit": "limits",
    "jobs.SetList": "set_lists",
    "jobs.ShareLink": "share_links",
    "jobs.Source": "songs",
    "jobs.Tag": "tags",
    "jobs.Upload": "uploads",
}
"""Where the rows that belong to an account are found again."""

LEFT_OUT = {
    "admin.LogEntry": "the operator's record of what was done in the administration pages",
    "jobs.AccountClosure": "exists only once there is nothing left to export",
    "jobs.Campaign": "the operator's own work",
    "jobs.Reservation": "lasts as long as one upload, and says no more than how much room it has",
    "knox.AuthToken": "the table that ApiToken has taken the place of; empty",
}


def make_things(owner: User) -> Job:
    name = owner.username
    source = make_source(owner=owner, original_name=f"Song of {name}.wav", title=f"Title {name}")
    manifest = {"version": "2.0", "input": f"Song of {name}.wav"}
    job = make_job(owner=owner, source=source, status=JobStatus.COMPLETED, manifest=manifest)
    make_artifact(job, "vocals")
    tag = Tag.objects.create(owner=owner, name=f"Tag of {name}")
    tag.jobs.add(job)
    AudioUse.objects.create(owner=owner, job=job, seconds=12.5)
    create_token(owner=owner, name=f"Token of {name}")
    set_defaults(owner=owner, chosen={"format": "mp3"})
    ShareLink.objects.create(
        job=job,
        created_by=owner,
        token_digest=f"digest {name}",
        stems=["vocals"],
        label=f"For {name}",
        expires_at=timezone.now() + timedelta(days=1),
    )
    begin_upload(owner=owner, name=f"Half of {name}.wav", size_bytes=1000, request=None)
    return job


def read(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    return dict(json.loads(b"".join(answer.streaming_content)))


def test_it_holds_what_the_account_has(member: Client, owner: User) -> None:
    job = make_things(owner)
    answer = member.get(ADDRESS)
    assert answer["Content-Disposition"].startswith('attachment; filename="stemsite-')
    assert "no-store" in answer["Cache-Control"]
    told = read(answer)
    assert told["account"]["username"] == "owner"
    assert told["preferences"]["new_songs_start_with"] == {"format": "mp3"}
    assert told["songs"][0]["original_name"] == "Song of owner.wav"
    assert told["tags"] == ["Tag of owner"]
    assert [share["label"] for share in told["share_links"]] == ["For owner"]
    assert told["uploads"][0]["name"] == "Half of owner.wav"
    assert told["audio_separated_lately"][0]["seconds"] == 12.5
    exported = told["jobs"][0]
    assert (exported["id"], exported["song_id"]) == (str(job.pk), str(job.source_id))
    assert exported["manifest"] == job.manifest and exported["tags"] == ["Tag of owner"]
    link = exported["tracks"][0]["link"]
    assert link.startswith("http://testserver/")
    assert member.get(link).status_code == 200


def test_it_holds_nothing_of_others_and_no_secret(
    member: Client, owner: User, stranger: User
) -> None:
    make_things(owner)
    make_things(stranger)
    secret = create_token(owner=owner, name="Laptop").secret
    text = json.dumps(read(member.get(ADDRESS)))
    assert "stranger" not in text
    assert secret not in text and owner.password not in text
    assert "Laptop" in text and "digest" not in text


def test_a_track_whose_file_is_gone_has_no_link(member: Client, owner: User) -> None:
    make_artifact(make_job(owner=owner, status=JobStatus.COMPLETED), content=b"")
    assert read(member.get(ADDRESS))["jobs"][0]["tracks"][0]["link"] is None


def test_it_is_read_in_portions_and_complete(
    member: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    made = {str(make_job(owner=owner).pk) for _ in range(5)}
    jobs = read(member.get(ADDRESS))["jobs"]
    assert len(jobs) == 5 and {job["id"] for job in jobs} == made


def test_an_account_without_anything_exports_too(member: Client) -> None:
    told = read(member.get(ADDRESS))
    assert told["jobs"] == [] and told["songs"] == []


def test_page_and_program_together_have_it_only_so_often(
    member: Client, owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExportThrottle, "THROTTLE_RATES", {"export": "2/hour"})
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {create_token(owner=owner).secret}")
    assert read(program.get("/api/v1/account/export"))["account"]["username"] == "owner"
    read(member.get(ADDRESS))
    refused = member.get(ADDRESS)
    assert refused.status_code == 429
    assert "often enough for now. Try again in 60 min." in refused.content.decode()
    assert program.get("/api/v1/account/export").json()["code"] == "throttled"
    member.force_login(stranger)
    read(member.get(ADDRESS))


def test_nobody_in_particular_has_nothing_to_export(db: None) -> None:
    assert APIClient().get("/api/v1/account/export").status_code == 401


def test_no_kind_of_row_that_belongs_to_an_account_is_forgotten() -> None:
    """A new model fails here until it is exported, or it is said why it is not."""
    belonging = {
        relation.related_model._meta.label
        for relation in User._meta.get_fields(include_hidden=True)
        if ((relation.auto_created and relation.one_to_many) or relation.one_to_one)
        and relation.related_model
    }
    belonging -= {"auth.User_groups", "auth.User_user_permissions"}
    assert belonging <= {*EXPORTED, *LEFT_OUT}
    assert set(EXPORTED.values()) <= {*export.PARTS, *export.STREAMS}
