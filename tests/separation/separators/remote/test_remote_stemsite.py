"""Another stemsite as the service: a real one, with its own worker, on loopback."""

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.errors import Cancelled, RemoteFailed, WorkerLost
from separation.pipeline.manifest import MANIFEST_NAME
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import StageRequest
from separation.registry import SeparatorFactory
from separation.runner.__main__ import SeparatorCache
from separation.settings import CoreSettings
from tests.separation.fakes import make_song, make_spec
from tests.separation.separators.remote.asking import QUICK, a_remote, separated
from tests.separation.separators.remote.portal import Portal
from tests.separation.separators.remote.test_remote_resume import Stopping
from tests.separation.small_models import noise, save_song

pytestmark = pytest.mark.slow
FRAMES = 60_000


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    portal = Portal(tmp_path_factory.mktemp("far") / "data")
    yield portal
    portal.close()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return save_song(tmp_path / "song.wav", 3 * noise(FRAMES))


def of_portal(portal: Portal, **more: object) -> dict[str, object]:
    return {"token": portal.token, "read_s": 30.0, **more}


def here(song: Path) -> dict[str, np.ndarray]:
    """What the same separator gives on this machine."""
    out = song.parent / "here"
    out.mkdir()
    paths = SeparatorFactory.create_separator("spectral").separate(song, out)
    return {stem: soundfile.read(path, dtype="float32")[0] for stem, path in paths.items()}


def test_a_song_goes_in_and_the_stems_of_the_other_side_come_back(
    portal: Portal, song: Path
) -> None:
    separator = a_remote(portal.url, model="spectral", settings=of_portal(portal, keep=True))
    stems = separated(separator, song)
    job = portal.wait_for("completed")
    outputs = portal.get(f"jobs/{job['job_id']}/outputs")["outputs"]
    there = {one["name"]: one for one in outputs}
    for stem, samples in stems.items():
        data = portal.download(f"jobs/{job['job_id']}/download/{stem}")
        np.testing.assert_array_equal(samples, soundfile.read(io.BytesIO(data), dtype="float32")[0])
        assert there[stem]["gain_db"] == 0.0
    # Nothing was lost on the way there either.
    for stem, samples in here(song).items():
        np.testing.assert_array_equal(stems[stem], samples)
    told = portal.get(f"jobs/{job['job_id']}/manifest")["separation"]
    identity = separator.identity()
    assert (identity.separator, identity.weights_digest) == ("spectral", told["weights_digest"])
    assert identity.device == "remote cpu"
    assert identity.notes[0] == "Separated on the remote service 127.0.0.1."
    assert "song" not in job["input_file"]


def test_the_other_side_keeps_nothing_unless_it_is_told_to(portal: Portal, song: Path) -> None:
    before = {job["job_id"] for job in portal.jobs()}
    separated(a_remote(portal.url, model="spectral", settings=of_portal(portal)), song)
    assert {job["job_id"] for job in portal.jobs()} == before


def test_the_other_side_may_not_send_the_song_on(portal: Portal, song: Path) -> None:
    separated(a_remote(portal.url, model="spectral", settings=of_portal(portal, keep=True)), song)
    job = portal.get(f"jobs/{portal.wait_for('completed')['job_id']}")
    assert job["request"]["allow_remote"] is False


def test_what_the_other_side_says_of_its_choice_is_told(portal: Portal, song: Path) -> None:
    # It has no weights of Demucs, so its automatic choice falls back.
    separator = a_remote(portal.url, settings=of_portal(portal))
    separated(separator, song)
    identity = separator.identity()
    assert identity.separator == "standard"
    assert any("127.0.0.1: Separated with Standard, as Hybrid" in note for note in identity.notes)


def test_chosen_stems_and_karaoke(portal: Portal, song: Path) -> None:
    settings = of_portal(portal)
    karaoke = a_remote(portal.url, model="spectral", two_stems="vocals", settings=settings)
    stems = separated(karaoke, song)
    assert list(stems) == ["vocals", "no_vocals"]
    one = separated(
        a_remote(portal.url, model="spectral", stems=("bass",), settings=settings), song
    )
    assert list(one) == ["bass"]


def test_a_model_that_the_other_side_lacks_is_told_in_its_words(portal: Portal, song: Path) -> None:
    with pytest.raises(RemoteFailed, match=r"could not separate the song: .*htdemucs"):
        separated(a_remote(portal.url, model="htdemucs", settings=of_portal(portal)), song)
    # The song of a job that failed is of no use there either.
    assert not any(job["status"] == "failed" for job in portal.jobs())


def test_a_separator_that_the_other_side_lacks_is_refused_before_anything_is_sent(
    portal: Portal,
) -> None:
    with pytest.raises(RemoteFailed, match="has no separator 'nobody'"):
        a_remote(portal.url, model="nobody", settings=of_portal(portal)).check()


def test_a_token_that_the_other_side_does_not_know_is_told(portal: Portal, song: Path) -> None:
    with pytest.raises(RemoteFailed, match="refused the token"):
        a_remote(portal.url, settings={"token": "0" * 64}).check()
    with pytest.raises(RemoteFailed, match="refused the token"):
        separated(a_remote(portal.url, settings={"token": "0" * 64}), song)


def test_a_cancel_reaches_the_job_there(portal: Portal, tmp_path: Path) -> None:
    song = save_song(tmp_path / "long.wav", 0.2 * noise(44_100 * 90))
    stopping = Stopping("127.0.0.1: Separat", Cancelled("Stop."))
    with pytest.raises(Cancelled):
        separated(
            a_remote(portal.url, model="spectral", settings=of_portal(portal)), song, stopping
        )
    assert portal.wait_for("cancelled", "completed")["status"] == "cancelled"


def test_a_request_whose_answer_was_lost_does_not_run_twice(portal: Portal, song: Path) -> None:
    separator = a_remote(portal.url, model="spectral", settings=of_portal(portal, keep=True))
    with pytest.raises(WorkerLost):
        separated(separator, song, Stopping("127.0.0.1: ", WorkerLost("Gone.")))
    count = len(portal.jobs())
    (file,) = song.parent.glob(".remote-*.json")
    # As if the process had been killed between sending and hearing of the job's name.
    text = file.read_text()
    job_id = portal.jobs()[0]["job_id"]
    file.write_text(text.replace(f'"{job_id}"', "null"))
    assert file.read_text() != text
    separated(separator, song)
    assert len(portal.jobs()) == count


def test_a_job_of_the_pipeline_runs_there_and_says_so(portal: Portal, tmp_path: Path) -> None:
    """The whole pipeline here, its separation there, and no secret in what is kept."""
    remote = replace(QUICK, url=portal.url, token=portal.token, read_s=30.0)
    params = {"separator": "remote", "model": "spectral"}
    spec = make_spec(
        tmp_path,
        StageRequest(name="separation", params=params),
        song=make_song(tmp_path / "song.wav", 2.0),
    )
    events: list[str] = []
    manifest = run_pipeline(
        spec,
        CoreSettings(model_dir=tmp_path / "models", offline=True, remote=remote),
        separators=SeparatorCache(),
        observer=lambda event: events.append(event.to_line().decode()),
    )
    assert manifest.status == "completed"
    assert manifest.separation is not None
    assert manifest.separation.separator == "spectral"
    assert manifest.outputs["vocals"] == "spectral_output/vocals.wav"
    assert manifest.stage("separation").warnings[0].endswith("remote service 127.0.0.1.")
    written = (spec.job_dir / MANIFEST_NAME).read_text() + "".join(events)
    assert portal.token not in written


def test_the_token_is_on_no_command_line(portal: Portal, tmp_path: Path) -> None:
    """``manage.py separate`` through the portal next door, as a person would."""
    song = make_song(tmp_path / "song.wav", 2.0)
    environment = {
        **portal.environment,
        "STEMSITE_DATA_DIR": str(tmp_path / "near"),
        "STEMSITE_REMOTE_URL": portal.url,
        "STEMSITE_REMOTE_TOKEN": portal.token,
    }
    out = tmp_path / "stems"
    command = ["separate", str(song), "--out", str(out), "--separator", "remote"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command, "--model", "spectral", "--stages", "separation"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seen = 0
    while process.poll() is None:
        time.sleep(0.02)
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command_line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            seen += b"separation.runner" in command_line
            assert portal.token.encode() not in command_line
    assert process.stdout is not None
    assert process.returncode == 0, process.stdout.read()
    assert seen
    assert (out / "song" / "spectral_output" / "vocals.wav").is_file()
