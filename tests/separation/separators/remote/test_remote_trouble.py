"""A service that fails: what helps is tried again, what does not is told in plain words."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from separation.errors import RemoteFailed
from tests.separation.separators.remote.asking import a_remote, assert_same, separated
from tests.separation.separators.remote.service import (
    TOKEN,
    Fault,
    Service,
    half,
    reset,
    silence,
    status,
    wav,
)

GARBAGE = b"<html>Starting, please wait</html>"


@pytest.mark.parametrize(
    "fault",
    [
        status(500),
        status(502, GARBAGE),
        status(503, Retry_After="0"),
        status(429, Retry_After="0"),
        status(200, GARBAGE),
        status(200, b'{"status": "pending"}'),
        reset,
        silence,
    ],
    ids=["500", "502", "503", "429", "html", "no job_id", "reset", "silence"],
)
@pytest.mark.parametrize("request_", [("POST", "separate"), ("GET", "jobs")], ids=["send", "poll"])
def test_a_failure_that_passes_costs_nothing_but_time(
    service: Service, song: Path, fault: Fault, request_: tuple[str, str]
) -> None:
    service.fail(*request_, fault, fault)
    assert_same(separated(a_remote(service.url), song), song)
    assert len(service.requests(*request_)) >= 3


@pytest.mark.parametrize("fault", [status(500), reset, half], ids=["500", "reset", "half"])
def test_a_download_that_breaks_is_taken_up(service: Service, song: Path, fault: Fault) -> None:
    service.fail("GET", "files", fault, fault)
    assert_same(separated(a_remote(service.url), song), song)


def test_a_download_goes_on_where_it_broke_off(service: Service, song: Path) -> None:
    service.fail("GET", "files", half)
    assert_same(separated(a_remote(service.url), song), song)
    second = service.requests("GET", "files")[1]
    assert second["Range"].startswith("bytes=")
    assert second["If-Range"] == '"v1"'


def test_tries_that_are_sent_again_carry_one_name(service: Service, song: Path) -> None:
    service.fail("POST", "separate", status(500))
    separated(a_remote(service.url), song)
    first, second = service.requests("POST", "separate")
    assert first["Idempotency-Key"] == second["Idempotency-Key"]


def test_the_number_of_tries_is_limited(service: Service, song: Path) -> None:
    service.fail("POST", "separate", *[status(500)] * 10)
    with pytest.raises(RemoteFailed, match=r"127\.0\.0\.1 answered 500.* tried 4 times"):
        separated(a_remote(service.url, settings={"retries": 3}), song)
    assert len(service.requests("POST", "separate")) == 4


def test_a_service_that_is_not_there_is_told(song: Path) -> None:
    with pytest.raises(RemoteFailed, match="cannot be reached") as caught:
        separated(a_remote("http://127.0.0.1:9", settings={"retries": 1}), song)
    assert (caught.value.code, caught.value.retryable) == ("remote_failed", True)


@pytest.mark.parametrize("as_date", [False, True])
def test_a_pause_that_the_service_asks_for_is_kept(
    service: Service, song: Path, as_date: bool
) -> None:
    # A date has whole seconds, so two ahead is more than one away.
    asked = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    service.fail("POST", "separate", status(429, Retry_After=asked if as_date else "1"))
    started = time.monotonic()
    separated(a_remote(service.url), song)
    assert time.monotonic() - started >= 1.0


def test_a_pause_that_is_too_long_is_not_waited_for(service: Service, song: Path) -> None:
    service.fail("POST", "separate", status(429, b'{"detail": "Busy."}', Retry_After="3600"))
    with pytest.raises(RemoteFailed, match=r"answered 429: Busy\..*3600 s"):
        separated(a_remote(service.url), song)


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_token_is_told_at_once_and_not_shown(
    service: Service, song: Path, code: int
) -> None:
    service.fail("POST", "separate", *[status(code)] * 2)
    with pytest.raises(RemoteFailed, match=r"refused the token.*STEMSITE_REMOTE_TOKEN") as caught:
        separated(a_remote(service.url), song)
    assert TOKEN not in str(caught.value)
    assert len(service.requests("POST", "separate")) == 1


def test_the_services_own_words_are_passed_on(service: Service, song: Path) -> None:
    service.fail("POST", "separate", status(400, b'{"error_message": "Too short a song."}'))
    with pytest.raises(RemoteFailed, match=r"refused the request \(400\): Too short a song\."):
        separated(a_remote(service.url), song)


def test_a_job_that_fails_there_fails_here_with_its_reason(service: Service, song: Path) -> None:
    failed = b'{"job_id": "1", "status": "failed", "error_message": "No more memory"}'
    service.fail("GET", "jobs", status(200, failed))
    with pytest.raises(RemoteFailed, match="could not separate the song: No more memory"):
        separated(a_remote(service.url), song)


def test_a_job_that_the_service_forgets_is_told(service: Service, song: Path) -> None:
    service.fail("GET", "jobs", status(404))
    with pytest.raises(RemoteFailed, match="has lost the job"):
        separated(a_remote(service.url), song)


def test_a_service_that_is_starting_is_not_taken_for_another_kind(
    service: Service, song: Path
) -> None:
    service.fail("GET", "api", status(503), status(502, GARBAGE))
    assert_same(separated(a_remote(service.url), song), song)
    assert len(service.requests("GET", "api")) == 3


def test_a_stem_that_is_missing_is_asked_for_again_alone(service: Service, song: Path) -> None:
    service.withhold[1] = {"bass", "vocals"}
    assert_same(separated(a_remote(service.url), song), song)
    assert service.asked == [["drums", "bass", "other", "vocals"], ["bass", "vocals"]]


def test_a_stem_that_never_comes_is_an_error(service: Service, song: Path) -> None:
    service.withhold = {n: {"bass"} for n in range(1, 10)}
    with pytest.raises(RemoteFailed, match=r"'bass'.*is missing.*asked 3 times"):
        separated(a_remote(service.url), song)
    assert service.asked[1:] == [["bass"], ["bass"]]


def not_finite(samples: np.ndarray) -> bytes:
    samples[100] = np.nan
    return wav(samples)


WRONG: dict[str, tuple[Any, str]] = {
    "short": (lambda samples: wav(samples[:-1]), "19999 frames"),
    "rate": (lambda samples: wav(samples, 48_000), "at 48000 Hz"),
    "mono": (lambda samples: wav(samples[:, :1]), "1 channels"),
    "nan": (not_finite, "no numbers"),
    "words": (lambda samples: b"Not found", "not an audio file"),
    "mp3": (lambda samples: wav(samples, format="MP3", subtype="MPEG_LAYER_III"), "not lossless"),
    "cut": (lambda samples: wav(samples)[:40], "does not decode|instead of"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_stem_that_is_wrong_is_noticed_and_asked_for_again(
    service: Service, song: Path, kind: str
) -> None:
    make, words = WRONG[kind]
    service.deliver["other"] = make
    with pytest.raises(RemoteFailed, match=f"'other'.*({words})"):
        separated(a_remote(service.url), song)
    assert service.asked[1] == ["other"]


def test_a_file_without_an_end_is_not_stored(service: Service, song: Path) -> None:
    from separation.separators.remote import audio

    service.deliver["drums"] = lambda samples: bytes(audio.max_stem_bytes(len(samples)) + 1)
    with pytest.raises(RemoteFailed, match="much longer than the song"):
        separated(a_remote(service.url), song)
    assert not list((song.parent / "out").glob(".*"))


def test_a_redirect_of_the_service_is_not_followed(service: Service, song: Path) -> None:
    elsewhere = Service()
    try:
        moved = status(307, Location=f"{elsewhere.url}/separate")
        service.fail("POST", "separate", moved)
        with pytest.raises(RemoteFailed, match="Nothing was sent there"):
            separated(a_remote(service.url), song)
        assert elsewhere.seen == []
    finally:
        elsewhere.close()


def test_the_token_does_not_follow_a_file_to_another_host(service: Service, song: Path) -> None:
    elsewhere = Service()
    try:
        # Another port is another origin.
        bass = wav(np.float32(0.2) * _samples(song))
        moved = status(302, Location=f"{elsewhere.url}/files/x/bass.wav")
        service.fail("GET", "files", status(503), moved)
        elsewhere.fail("GET", "files", status(200, bass))
        separated(a_remote(service.url, stems=("bass",)), song)
        (headers,) = elsewhere.requests("GET", "files")
        assert "Authorization" not in headers
        assert all("Authorization" in headers for headers in service.requests("GET", "files"))
    finally:
        elsewhere.close()


def test_redirects_in_a_circle_end(service: Service, song: Path) -> None:
    service.fail("GET", "files", *[status(302, Location="/files/x/bass.wav")] * 20)
    with pytest.raises(RemoteFailed, match="in a circle"):
        separated(a_remote(service.url), song)


def test_an_answer_without_an_end_is_refused(service: Service, song: Path) -> None:
    service.fail("POST", "separate", *[status(200, bytes(5_000_000))] * 9)
    with pytest.raises(RemoteFailed, match="without an end"):
        separated(a_remote(service.url), song)


def test_sending_a_long_song_needs_no_more_memory(service: Service, tmp_path: Path) -> None:
    """The body is made while it is sent: never more than a block of it is there."""
    from separation.separators.remote.audio import SongFile
    from tests.separation.small_models import noise, save_song

    song = SongFile(save_song(tmp_path / "long.wav", noise(600_000)))
    sizes = [len(block) for block in song.blocks()]
    assert sum(sizes) == song.size_bytes
    assert max(sizes) <= 65_536 * 8


def _samples(song: Path) -> np.ndarray:
    import soundfile

    samples: np.ndarray = soundfile.read(song, dtype="float32")[0]
    return samples
