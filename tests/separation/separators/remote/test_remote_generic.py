"""The specification's service: what is sent, what comes back, and what is told of it."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.errors import InvalidOptions, RemoteFailed
from tests.separation.separators.remote.asking import a_remote, assert_same, expected, separated
from tests.separation.separators.remote.service import GAINS, TOKEN, Service, wav


def test_stems_come_back_and_the_note_says_from_where(service: Service, song: Path) -> None:
    separator = a_remote(service.url)
    assert_same(separated(separator, song), song)
    identity = separator.identity()
    assert (identity.model, identity.version) == ("gains", "7")
    assert identity.weights_digest == "ab" * 32
    assert identity.device == "remote unknown"
    assert identity.notes == ("Separated on the remote service 127.0.0.1.",)


def test_what_arrives_is_exactly_what_was_prepared(service: Service, song: Path) -> None:
    separated(a_remote(service.url), song)
    arrived, rate = soundfile.read(io.BytesIO(service.uploads[0]), dtype="float32")
    prepared = soundfile.read(song, dtype="float32")[0]
    assert rate == 44_100
    assert np.abs(prepared).max() > 1.0
    np.testing.assert_array_equal(arrived, prepared)


def test_the_token_is_sent_as_bearer_and_the_length_is_stated(service: Service, song: Path) -> None:
    separated(a_remote(service.url), song)
    (headers,) = service.requests("POST", "separate")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert int(headers["Content-Length"]) > len(service.uploads[0])
    assert "Transfer-Encoding" not in headers


def test_only_the_stems_that_were_chosen_are_asked_for(service: Service, song: Path) -> None:
    stems = separated(a_remote(service.url, stems=("vocals", "drums")), song)
    assert service.asked == [["drums", "vocals"]]
    assert list(stems) == ["drums", "vocals"]


def test_karaoke_is_the_sum_of_the_others(service: Service, song: Path) -> None:
    stems = separated(a_remote(service.url, two_stems="vocals"), song)
    assert list(stems) == ["vocals", "no_vocals"]
    rest = sum(value for stem, value in expected(song).items() if stem != "vocals")
    np.testing.assert_allclose(stems["no_vocals"], rest, atol=1e-6)
    names = sorted(path.name for path in (song.parent / "out").iterdir())
    assert names == ["no_vocals.wav", "vocals.wav"]


def test_nothing_is_left_behind_when_it_is_done(service: Service, song: Path) -> None:
    separated(a_remote(service.url), song)
    assert not list(song.parent.glob(".remote-*"))
    assert sorted(p.stem for p in (song.parent / "out").iterdir()) == sorted(GAINS)


def test_flac_is_taken_too(service: Service, song: Path) -> None:
    service.deliver["bass"] = lambda samples: wav(samples, format="FLAC", subtype="PCM_24")
    stems = separated(a_remote(service.url), song)
    np.testing.assert_allclose(stems["bass"], expected(song)["bass"], atol=2**-23)


def test_without_an_address_it_says_what_to_set() -> None:
    verdict = a_remote("").validate()
    assert not verdict
    assert "STEMSITE_REMOTE_URL" in verdict.reason


@pytest.mark.parametrize(
    "url",
    ["gpu.example.org", "ftp://gpu.example.org", "http://me:s3cret@gpu.example.org", "http://"],
)
def test_an_address_that_cannot_be_one_is_refused(song: Path, url: str) -> None:
    with pytest.raises(RemoteFailed, match="STEMSITE_REMOTE_URL") as caught:
        separated(a_remote(url), song)
    assert "s3cret" not in str(caught.value)


def test_a_model_that_is_no_name_is_refused() -> None:
    with pytest.raises(InvalidOptions, match="separator/model"):
        a_remote("http://127.0.0.1", model="../up")
    with pytest.raises(InvalidOptions, match="separator/model"):
        a_remote("http://127.0.0.1", model="remote/htdemucs")


def test_the_token_is_never_shown(service: Service) -> None:
    separator = a_remote(service.url)
    assert TOKEN not in repr(separator.options)
