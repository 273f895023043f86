"""The maintained clients of tus against a real server: tuspy, and tus-js-client in Node."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed

from tests.factories import wav_bytes
from tests.javascript.node import find_node
from tests.jobs.uploads.live import LiveSender
from tests.web_server import ROOT, WebServer

pytestmark = pytest.mark.slow

CLIENTS = ROOT / "tests" / "clients"
CHUNK = 200_000
SONG_S = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    server = WebServer(tmp_path_factory.mktemp("site"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def sender(server: WebServer) -> LiveSender:
    return LiveSender(server)


@pytest.fixture
def song(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Another one for each test: the same bytes again would be recognised."""
    path = tmp_path / "Müller Lied.wav"
    path.write_bytes(wav_bytes(SONG_S, seed=sum(request.node.name.encode())))
    return path


def stored(sender: LiveSender, url: str) -> bytes:
    seen = sender.look(url)
    assert seen["is_complete"] and seen["name"] == "Müller Lied.wav"
    name = str(seen["source_id"]).replace("-", "")
    return Path(sender.server.folder / "uploads" / name[:2] / name).read_bytes()


def tuspy(sender: LiveSender, song: Path, **more: Any) -> Any:
    """``Any``, as mypy takes its ``url``, which is empty at first, for ``None``."""
    client = TusClient(sender.endpoint, headers=sender.headers)
    told = {"filename": song.name, "options": json.dumps({"separator": "spectral"})}
    return client.uploader(str(song), chunk_size=CHUNK, metadata=told, **more)


def test_tuspy_sends_a_song(sender: LiveSender, song: Path) -> None:
    uploader = tuspy(sender, song)
    uploader.upload()
    assert stored(sender, uploader.url) == song.read_bytes()
    assert sender.look(uploader.url)["job_id"]


def test_tuspy_goes_on_at_the_offset_after_the_server_was_killed(
    server: WebServer, sender: LiveSender, song: Path
) -> None:
    first = tuspy(sender, song)
    first.upload(stop_at=3 * CHUNK)
    server.kill()
    server.wait()
    second = tuspy(sender, song, url=first.url)
    assert second.offset == 3 * CHUNK
    second.upload()
    assert stored(sender, first.url) == song.read_bytes()


def test_tuspy_has_its_checksums_compared(
    sender: LiveSender, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = tuspy(sender, song, upload_checksum=True)
    right.upload()
    assert stored(sender, right.url) == song.read_bytes()
    wrong = tuspy(sender, song, upload_checksum=True)
    algorithm = wrong.checksum_algorithm
    monkeypatch.setattr(
        type(wrong), "checksum_algorithm", property(lambda _: lambda data: algorithm(data + b"!"))
    )
    with pytest.raises(TusUploadFailed) as refused:
        wrong.upload_chunk()
    assert refused.value.status_code == 460
    assert sender.offset(wrong.url) == 0


@pytest.fixture
def node() -> str:
    if not (CLIENTS / "node_modules" / "tus-js-client").is_dir():
        missing = "There is no tus-js-client here: npm ci --prefix tests/clients"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return find_node()


@pytest.fixture
def tus_js(node: str, sender: LiveSender, song: Path) -> Iterator["TusJs"]:
    running = TusJs(node, sender, song)
    yield running
    running.close()


class TusJs:
    """One upload by tus-js-client; ``until`` reads what it says up to an event."""

    def __init__(self, node: str, sender: LiveSender, song: Path) -> None:
        self._node = node
        self._told = {
            "file": str(song),
            "name": song.name,
            "endpoint": sender.endpoint,
            "token": sender.token,
            "chunk_bytes": CHUNK,
        }
        self.events: list[dict[str, Any]] = []

    def start(self, **told: Any) -> None:
        self._process = subprocess.Popen(
            [self._node, "upload.mjs", json.dumps({**self._told, **told})],
            cwd=CLIENTS,
            stdout=subprocess.PIPE,
            text=True,
        )

    def until(self, event: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == event:
                return self.events[-1]
        raise AssertionError(f"it ended without {event}: {self.events[-5:]}")

    def offsets(self) -> list[int]:
        return [each["offset"] for each in self.events if each["event"] == "patch"]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def test_tus_js_client_sends_a_song(tus_js: TusJs, sender: LiveSender, song: Path) -> None:
    tus_js.start()
    url = tus_js.until("done")["url"]
    assert stored(sender, url) == song.read_bytes()
    assert sender.look(url)["job_id"]
    assert tus_js.offsets() == list(range(0, song.stat().st_size, CHUNK))


def test_tus_js_client_pauses_and_goes_on_at_its_offset(
    tus_js: TusJs, sender: LiveSender, song: Path
) -> None:
    tus_js.start(pause=True)
    tus_js.until("paused")
    reached = tus_js.offsets()[-1] + CHUNK
    url = tus_js.until("done")["url"]
    assert reached in tus_js.offsets()
    assert stored(sender, url) == song.read_bytes()


def test_tus_js_client_outlives_a_server_that_is_killed(
    tus_js: TusJs, server: WebServer, sender: LiveSender, song: Path
) -> None:
    tus_js.start(retry_ms=[0, *[500] * 100])
    tus_js.until("accepted")
    server.kill()
    url = tus_js.until("done")["url"]
    assert stored(sender, url) == song.read_bytes()
    # Nothing that had been accepted was sent again.
    accepted = [each["accepted"] for each in tus_js.events if each["event"] == "accepted"]
    assert accepted == sorted(set(accepted))


def test_a_new_tus_js_client_goes_on_with_the_upload_of_one_that_died(
    tus_js: TusJs, sender: LiveSender, song: Path
) -> None:
    tus_js.start()
    url = tus_js.until("created")["url"]
    tus_js.until("accepted")
    tus_js.close()
    there = sender.offset(url)
    assert there >= CHUNK
    tus_js.events.clear()
    tus_js.start(url=url)
    tus_js.until("done")
    assert tus_js.offsets()[0] >= there
    assert stored(sender, url) == song.read_bytes()


def test_tus_js_client_has_its_checksums_compared(
    tus_js: TusJs, sender: LiveSender, song: Path
) -> None:
    tus_js.start(checksum="right")
    assert stored(sender, tus_js.until("done")["url"]) == song.read_bytes()
    tus_js.start(checksum="wrong")
    url = tus_js.until("created")["url"]
    refused = tus_js.until("failed")
    assert refused["status"] == 460
    assert json.loads(refused["body"])["code"] == "checksum_mismatch"
    assert sender.offset(url) == 0


def test_tus_js_client_terminates(tus_js: TusJs, sender: LiveSender) -> None:
    tus_js.start(terminate=True)
    url = tus_js.until("terminated")["url"]
    assert sender.client.get(url).status_code == 404
