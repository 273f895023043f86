import io
import json
import zipfile

import pytest
from django.contrib.auth.models import User

from jobs.errors import ArtifactDamaged, JobConflict
from jobs.models.job import JobStatus
from jobs.services.archive import download_name, job_zip
from tests.factories import make_artifact, make_job, make_source


def test_the_zip_has_the_length_it_promised_and_every_file_whole(owner: User) -> None:
    job = make_job(
        status=JobStatus.COMPLETED,
        source=make_source(original_name="Blue Song.v2.mp3"),
        manifest={"input_file": "Blüe"},
    )
    artifacts = [make_artifact(job, name) for name in ("vocals", "drums")]
    stream, length, filename = job_zip(job)
    data = b"".join(stream)
    assert len(data) == length
    assert filename == "Blue Song.v2.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        for artifact in artifacts:
            content = archive.read(f"Blue Song.v2/{artifact.name}.wav")
            assert content == artifact.file.read_bytes()
        assert json.loads(archive.read("Blue Song.v2/manifest.json")) == job.manifest


def test_names_that_differ_only_in_case_do_not_hide_each_other(owner: User) -> None:
    job = make_job(status=JobStatus.COMPLETED)
    make_artifact(job, "main")
    make_artifact(job, "Main", path="composite/Main.wav")
    data = b"".join(job_zip(job).stream)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name.lower() for name in archive.namelist()]
    assert len(set(names)) == len(names) == 3


def test_a_hostile_song_name_stays_inside_the_folder(owner: User) -> None:
    source = make_source(original_name="../../etc/\u202epasswd.wav")
    job = make_job(status=JobStatus.COMPLETED, source=source)
    artifact = make_artifact(job)
    data = b"".join(job_zip(job).stream)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {"passwd/vocals.wav", "passwd/manifest.json"}
    assert download_name(artifact) == "passwd - vocals.wav"


def test_there_is_no_zip_without_files(owner: User) -> None:
    with pytest.raises(JobConflict):
        job_zip(make_job(status=JobStatus.COMPLETED))


def test_a_file_that_is_gone_is_not_left_out_in_silence(owner: User) -> None:
    job = make_job(status=JobStatus.COMPLETED)
    make_artifact(job)
    make_artifact(job, "drums", content=b"")
    with pytest.raises(ArtifactDamaged, match="drums"):
        job_zip(job)
