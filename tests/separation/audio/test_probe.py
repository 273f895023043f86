import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from separation.audio.decoding.decode import probe
from separation.errors import DiskFull, TooLarge
from tests.separation.audio.sounds import LIMITS, save, save_wav, tones
from tests.zoo.flac import flac_bomb


def test_a_short_song_is_measured_whole(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", tones(10_000, 22_050), 22_050)

    facts = probe(path, LIMITS)

    assert facts.measured
    assert (facts.source_frames, facts.source_rate_hz, facts.source_channels) == (10_000, 22_050, 2)
    assert facts.duration_s == pytest.approx(10_000 / 22_050)


def test_a_song_that_takes_too_long_to_count_is_as_long_as_its_header_says(
    tmp_path: Path,
) -> None:
    path = save(tmp_path / "a.flac", tones(441_000), kind="FLAC", subtype="PCM_16")
    # What lies behind the first block may be rubbish: nobody has looked at it.
    content = path.read_bytes()
    path.write_bytes(content[: -len(content) // 4] + bytes(len(content) // 4))

    facts = probe(path, replace(LIMITS, probe_count_s=0.0))

    assert not facts.measured
    assert facts.duration_s == pytest.approx(10.0)
    assert facts.warnings == ()
    assert probe(path, LIMITS).duration_s < 9.0


def test_a_bomb_too_large_to_count_is_known_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(flac_bomb(6000, claimed_frames=44_100))

    # The first block alone is three times the size of the file; its share of the file tells more.
    with pytest.raises(TooLarge, match="unpacks"):
        probe(path, replace(LIMITS, probe_count_s=0.0, max_decode_ratio=10.0))


def test_a_song_that_would_not_fit_on_the_disk_when_decoded_is_refused(tmp_path: Path) -> None:
    # 21 MB when decoded: others free and take space meanwhile.
    path = save_wav(tmp_path / "a.wav", tones(60 * 44_100))
    work_dir = tmp_path / "not" / "there" / "yet"
    free_bytes = shutil.disk_usage(tmp_path).free
    tight = replace(LIMITS, min_free_bytes=free_bytes - 100_000)

    assert probe(path, LIMITS, work_dir=work_dir).measured
    with pytest.raises(DiskFull, match="21 MB"):
        probe(path, tight, work_dir=work_dir)


def test_what_the_decoder_held_is_told_and_less_than_it_may(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", tones(44_100))
    peaks: list[int] = []

    probe(path, LIMITS, on_peak=peaks.append)

    assert 10_000_000 < max(peaks) < LIMITS.decode_memory_bytes


def test_probing_writes_nothing_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "a.wav"
    path.parent.mkdir()
    save_wav(path, tones(1000))

    probe(path, LIMITS)

    assert list(path.parent.iterdir()) == [path]
