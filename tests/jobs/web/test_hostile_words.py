"""Words from outside are shown as words, and a fault of ours says nothing of its inside."""

import io
from pathlib import Path

import pytest
import soundfile
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from mutagen.id3 import ID3, TIT2, TPE1

from jobs.models import Job
from jobs.services.job.create import create_job, receive_source
from separation.request.separation_request import SeparationRequest
from tests.factories import wav_bytes

SCRIPT = "<script>alert(1)</script>"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture
def job(staff: User, tmp_path: Path) -> Job:
    """A waiting job whose mp3 bears scripts for its name, title and artist."""
    sound, rate_hz = soundfile.read(io.BytesIO(wav_bytes()))
    song = tmp_path / "song.mp3"
    soundfile.write(song, sound, rate_hz, format="MP3")
    tags = ID3()
    tags.add(TIT2(encoding=3, text=SCRIPT))
    tags.add(TPE1(encoding=3, text=SCRIPT))
    tags.save(song)
    source = receive_source(owner=staff, name=f"{SCRIPT}.mp3", chunks=[song.read_bytes()])
    assert source.title == source.artist == SCRIPT
    source.original_name = f"{SCRIPT}.mp3"  # Cleaning took the slash; here is the worst case.
    source.save()
    return create_job(owner=staff, source=source, request=SeparationRequest(separator="spectral"))


@pytest.mark.parametrize("status", ["pending", "completed"])
def test_a_script_in_the_names_of_a_song_is_shown_as_text(
    client: Client, staff: User, job: Job, status: str
) -> None:
    Job.objects.filter(pk=job.pk).update(status=status)
    client.force_login(staff)
    pages = [
        reverse("jobs:history"),
        reverse("jobs:detail", args=[job.pk]),
        reverse("jobs:delete", args=[job.pk]),
        reverse("admin:jobs_job_changelist"),
        reverse("admin:jobs_job_change", args=[job.pk]),
        reverse("admin:jobs_source_changelist"),
        reverse("admin:jobs_source_change", args=[job.source_id]),
    ]
    for address in pages:
        shown = client.get(address).content.decode()
        assert SHOWN in shown, address
        assert "<script>alert" not in shown, address


@pytest.mark.urls("tests.jobs.web.broken_urls")
def test_a_view_that_breaks_shows_our_page_and_no_secret(client: Client, db: None) -> None:
    client.raise_request_exception = False
    answer = client.get("/broken/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something broke on our side" in page and "error.css" in page
    assert "secret" not in page and "Traceback" not in page
