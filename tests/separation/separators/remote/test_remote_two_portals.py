"""A portal without weights uses the portal next door, which has them: both real, on loopback."""

import io
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
import soundfile

from tests.factories import wav_bytes
from tests.separation.separators.remote.portal import PATIENCE_S, Portal, free_port
from tests.separation.small_models import save_bag, save_safetensors, small_htdemucs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Portal, Portal]]:
    """The near one, and the far one with a small network for htdemucs; each names the other."""
    folder = tmp_path_factory.mktemp("portals")
    models = folder / "weights"
    models.mkdir()
    save_safetensors(small_htdemucs(), models, "aaaa1111")
    save_bag(models, "htdemucs", ["aaaa1111"])
    near_port = free_port()
    far = Portal(
        folder / "far",
        STEMSITE_MODEL_DIR=str(models),
        STEMSITE_ENGINE="torch",
        STEMSITE_PRECISION="exact",
        STEMSITE_REMOTE_URL=f"http://127.0.0.1:{near_port}",
    )
    near = Portal(
        folder / "near",
        near_port,
        STEMSITE_REMOTE_URL=far.url,
        STEMSITE_REMOTE_TOKEN=far.token,
        STEMSITE_REMOTE_KEEP="1",
        # By default a quarter of a minute may pass before a lost service is given up.
        STEMSITE_REMOTE_RETRIES="2",
    )
    yield near, far
    near.close()
    far.close()


def submit(portal: Portal, **choices: str) -> str:
    answer = httpx2.post(
        f"{portal.url}/api/v1/jobs",
        params={"filename": "My secret song.wav", "stages": "separation", **choices},
        content=wav_bytes(2.0),
        headers={"Authorization": f"Token {portal.token}", "Content-Type": "audio/wav"},
        timeout=PATIENCE_S,
    )
    answer.raise_for_status()
    return str(answer.json()["job_id"])


def ended(portal: Portal, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while (job := portal.get(f"jobs/{job_id}"))["status"] in ("pending", "processing"):
        assert time.monotonic() < deadline, portal.log()[-3000:]
        time.sleep(0.2)
    found: dict[str, Any] = job
    return found


def test_the_network_next_door_separates_the_song(portals: tuple[Portal, Portal]) -> None:
    near, far = portals
    job = ended(near, submit(near, separator="auto", format="wav32f"))
    assert job["status"] == "completed", job["error"]
    assert [(step["route"], step["outcome"]) for step in job["routing"]] == [
        ("local_gpu", "skipped"), ("remote", "took")
    ]  # fmt: skip
    assert job["warnings"][0] == "Separated on the remote service 127.0.0.1."
    there = far.jobs()[0]
    manifest = near.get(f"jobs/{job['job_id']}/manifest")
    told = far.get(f"jobs/{there['job_id']}/manifest")
    assert (manifest["separation"]["separator"], manifest["separation"]["model"]) == (
        "demucs", "htdemucs"
    )  # fmt: skip
    assert manifest["separation"]["weights_digest"] == told["separation"]["weights_digest"]
    for stem in ("drums", "bass", "other", "vocals"):
        np.testing.assert_array_equal(
            _samples(near, job["job_id"], stem), _samples(far, there["job_id"], stem)
        )
    kept = str(manifest) + str(job) + near.log() + far.log()
    assert far.token not in kept
    assert "secret" not in there["input_file"]


def test_a_job_from_another_portal_is_not_sent_back(portals: tuple[Portal, Portal]) -> None:
    near, far = portals
    ended(near, submit(near, separator="demucs"))
    there = ended(far, far.jobs()[0]["job_id"])
    steps = {step["route"]: step for step in there["routing"]}
    assert steps["remote"]["outcome"] == "skipped"
    assert steps["remote"]["reason"] == "The song is not to leave this machine."
    assert steps["local_cpu"]["outcome"] == "took"


def test_a_song_that_must_stay_is_separated_here(portals: tuple[Portal, Portal]) -> None:
    near, far = portals
    before = len(far.jobs())
    job = ended(near, submit(near, separator="auto", allow_remote="false"))
    assert job["status"] == "completed"
    assert near.get(f"jobs/{job['job_id']}/manifest")["separation"]["separator"] == "standard"
    assert len(far.jobs()) == before


def test_a_cancel_here_cancels_there(portals: tuple[Portal, Portal]) -> None:
    near, far = portals
    headers = {"Authorization": f"Token {near.token}", "Content-Type": "audio/wav"}
    sent = httpx2.post(
        f"{near.url}/api/v1/jobs",
        params={"separator": "demucs", "stages": "separation", "filename": "long.wav"},
        content=wav_bytes(200.0),
        headers=headers,
        timeout=PATIENCE_S,
    )
    job_id = sent.json()["job_id"]
    deadline = time.monotonic() + PATIENCE_S
    while not any(job["status"] == "processing" for job in far.jobs()):
        assert time.monotonic() < deadline, near.log()[-3000:]
        time.sleep(0.1)
    cancel = f"{near.url}/api/v1/jobs/{job_id}/cancel"
    httpx2.post(cancel, headers=headers, timeout=PATIENCE_S).raise_for_status()
    assert ended(near, job_id)["status"] == "cancelled"
    assert far.wait_for("cancelled", "completed", "failed")["status"] == "cancelled"


def test_when_the_other_portal_is_gone_the_job_fails_with_its_reasons(
    portals: tuple[Portal, Portal],
) -> None:
    """Last in this file, as it ends the far portal."""
    near, far = portals
    far.close()
    failed = ended(near, submit(near, separator="demucs"))
    assert (failed["status"], failed["error"]["code"]) == ("failed", "model_unavailable")
    assert [step["outcome"] for step in failed["routing"]] == ["skipped"] * 3
    assert "cannot be reached" in failed["routing"][1]["reason"]
    done = ended(near, submit(near, separator="auto"))
    assert done["status"] == "completed"
    assert "not on the remote service: The remote service 127.0.0.1" in done["warnings"][0]


def _samples(portal: Portal, job_id: str, stem: str) -> np.ndarray:
    data = portal.download(f"jobs/{job_id}/download/{stem}")
    samples: np.ndarray = soundfile.read(io.BytesIO(data), dtype="float32")[0]
    return samples
