"""A real server: kills in the middle, dead connections, two processes, twenty uploads at once."""

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.factories import wav_bytes
from tests.jobs.uploads.live import LiveSender, error_of
from tests.web_server import WebServer

pytestmark = pytest.mark.slow

SONG = wav_bytes(30.0)
AT_ONCE = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    folder = tmp_path_factory.mktemp("site")
    server = WebServer(folder, STEMSITE_UPLOAD_STALL_S="2")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def sender(server: WebServer) -> LiveSender:
    return LiveSender(server)


def wait_until(is_so: Callable[[], Any], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def stored(server: WebServer, source_id: str) -> bytes:
    name = source_id.replace("-", "")
    return Path(server.folder / "uploads" / name[:2] / name).read_bytes()


def test_a_kill_in_the_middle_of_a_request_costs_nothing_that_was_written(
    server: WebServer, sender: LiveSender
) -> None:
    url = sender.announce(len(SONG))
    half = len(SONG) // 2
    with sender.patch_that_hangs(url, SONG[:half], of=len(SONG)):
        wait_until(lambda: sender.offset(url) > half // 2)
        server.kill()
    server.wait()
    offset = sender.offset(url)
    assert half // 2 < offset <= half
    assert sender.patch(url, SONG[offset:], offset).status_code == 204
    seen = sender.look(url)
    assert seen["is_complete"]
    assert stored(server, seen["source_id"]) == SONG


def test_a_connection_that_falls_silent_lets_go_of_the_upload(sender: LiveSender) -> None:
    song = wav_bytes(10.0, seed=2)
    url = sender.announce(len(song))
    with sender.patch_that_hangs(url, song[:600_000], of=len(song)) as silent:
        wait_until(lambda: sender.offset(url) > 0)
        busy = sender.patch(url, song[:10], 0)
        assert (busy.status_code, error_of(busy)) == (423, "upload_busy")
        # The client does not close it: nothing but the server's patience ends this.
        assert silent.recv(1000).startswith(b"HTTP/1.1 400")
        offset = sender.offset(url)
        assert sender.patch(url, song[offset:], offset).status_code == 204


def test_a_connection_that_is_closed_keeps_what_has_arrived(sender: LiveSender) -> None:
    song = wav_bytes(10.0, seed=3)
    url = sender.announce(len(song))
    with sender.patch_that_hangs(url, song[:600_000], of=len(song)):
        pass
    # All of it: an orderly end of the connection loses no byte.
    wait_until(lambda: sender.offset(url) == 600_000)


def test_two_that_send_the_same_bytes_at_once_cannot_mix_them(
    server: WebServer, sender: LiveSender
) -> None:
    song = wav_bytes(20.0, seed=4)
    url = sender.announce(len(song))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: sender.patch(url, song, 0), range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {404, 409, 423}
    assert stored(server, sender.look(url)["source_id"]) == song


def test_a_body_in_chunks_may_come_without_its_length(
    server: WebServer, sender: LiveSender
) -> None:
    song = wav_bytes(2.0, seed=5)
    url = sender.announce(len(song))
    pieces = (song[start : start + 10_000] for start in range(0, len(song), 10_000))
    done = sender.client.put(url, content=pieces)
    assert done.status_code == 200, done.text
    assert stored(server, done.json()["source_id"]) == song


def test_a_body_in_chunks_that_is_longer_than_announced_is_refused(sender: LiveSender) -> None:
    song = wav_bytes(2.0, seed=6)
    url = sender.announce(len(song) - 1)
    answer = sender.client.put(url, content=iter([song[:50_000], song[50_000:]]))
    assert (answer.status_code, error_of(answer)) == (413, "too_large")
    assert sender.offset(url) == 0


def test_twenty_uploads_beside_twenty_that_poll_meet_no_error_and_take_no_memory(
    server: WebServer, sender: LiveSender
) -> None:
    songs = [wav_bytes(45.0, seed=100 + n) for n in range(AT_ONCE)]
    over = Event()
    incoming = server.folder / "uploads" / "incoming"
    # Of tests before this one, which broke their uploads off.
    left_before = set(incoming.iterdir()) if incoming.is_dir() else set()

    def upload(song: bytes) -> Any:
        url = sender.announce(len(song), options={"separator": "spectral"})
        return sender.client.put(url, content=song)

    def poll(_: int) -> set[int]:
        statuses = set()
        while not over.is_set():
            statuses.add(sender.client.get("/api/v1/jobs").status_code)
            peaks.append(server.resident_bytes(serving))
            time.sleep(0.5)
        return statuses

    with ThreadPoolExecutor(2 * AT_ONCE) as threads:
        # Every thread has had its first upload, and what is loaded once is loaded.
        short = [wav_bytes(1.0, seed=200 + n) for n in range(AT_ONCE)]
        assert {answer.status_code for answer in threads.map(upload, short)} == {200}
        serving = server.gunicorns()
        peaks = [server.resident_bytes(serving)]
        polls = [threads.submit(poll, n) for n in range(AT_ONCE)]
        uploads = [threads.submit(upload, song) for song in songs]
        answers = [each.result() for each in uploads]
        over.set()
        seen = set().union(*(each.result() for each in polls))
    assert {answer.status_code for answer in answers} == {200}, [a.text for a in answers]
    assert seen == {200}
    for answer, song in zip(answers, songs, strict=True):
        kept = stored(server, answer.json()["source_id"])
        assert hashlib.sha256(kept).digest() == hashlib.sha256(song).digest()
    sent = sum(map(len, songs))
    grown = max(peaks) - peaks[0]
    print(f"{sent / 1e6:.0f} MB sent; {peaks[0] / 1e6:.0f} MB resident, {grown / 1e6:.0f} MB more")  # noqa: T201
    # Bodies kept in memory would be all of them; buffers, threads and connections are not.
    assert grown < sent / 2
    assert set(incoming.iterdir()) <= left_before
