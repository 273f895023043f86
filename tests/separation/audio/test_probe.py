from dataclasses import replace
from pathlib import Path

import pytest

from separation.audio.decode import probe
from tests.separation.audio.sounds import LIMITS, save, save_wav, tones


def test_a_short_song_is_measured_whole(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", tones(10_000, 22_050), 22_050)

    facts = probe(path, LIMITS)

    assert facts.measured
    assert (facts.source_frames, facts.source_rate_hz, facts.source_channels) == (10_000, 22_050, 2)
    assert facts.duration_s == pytest.approx(10_000 / 22_050)


def test_of_a_long_song_only_the_start_is_decoded_and_the_rest_is_the_header_s_claim(
    tmp_path: Path,
) -> None:
    path = save(tmp_path / "a.flac", tones(441_000), kind="FLAC", subtype="PCM_16")
    # What lies behind the first seconds may be rubbish: probing does not look at it.
    content = path.read_bytes()
    path.write_bytes(content[: -len(content) // 4] + bytes(len(content) // 4))

    facts = probe(path, replace(LIMITS, probe_s=2.0))

    assert not facts.measured
    assert facts.duration_s == pytest.approx(10.0)
    assert facts.warnings == ()


def test_probing_writes_nothing_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "a.wav"
    path.parent.mkdir()
    save_wav(path, tones(1000))

    probe(path, LIMITS)

    assert list(path.parent.iterdir()) == [path]
