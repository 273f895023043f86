"""``manage.py probe``: intake's answer for files, without a job."""

import json
import os
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from separation.audio.decoding import probe_result
from separation.audio.decoding.decode import probe
from tests.separation.audio.sounds import save_wav, tones

ROOT = Path(__file__).resolve().parents[3]
KEYS = [
    "file", "verdict", "sentence", "container", "codec", "duration_s", "measured",
    "sample_rate_hz", "channels", "seconds", "peak_memory_mb",
]  # fmt: skip


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return save_wav(tmp_path / "song.wav", tones(22_050, 11_025), 11_025)


def _told(*names: Path | str, **options: object) -> list[dict[str, object]]:
    out = StringIO()
    call_command("probe", *map(str, names), json=True, stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_file_is_one_line_of_facts_in_the_order_asked(song: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp3"
    letter.write_text("Dear sirs,\n")

    good, bad, again = _told(song, letter, song)

    assert list(good) == list(bad) == KEYS
    assert (good["file"], good["verdict"]) == (again["file"], "accepted") == (str(song), "accepted")
    assert (good["container"], good["codec"]) == ("wav", "pcm_16")
    assert (good["duration_s"], good["measured"]) == (2.0, True)
    assert (good["sample_rate_hz"], good["channels"]) == (11_025, 2)
    assert 10 < good["peak_memory_mb"] < 1000  # type: ignore[operator]
    assert bad["verdict"] == "unsupported_format"
    assert "text file" in str(bad["sentence"])
    assert (bad["container"], bad["codec"], bad["duration_s"]) == (None, None, None)


def test_what_cannot_be_read_has_a_verdict_too(song: Path, tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe.wav", tmp_path / "loop.wav"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    names: list[Path | str] = [
        tmp_path / "none.wav",
        tmp_path,
        pipe,
        loop,
        "/dev/zero",
        song / "a",
        "a" * 300,
    ]

    *told, last = _told(*names, song)

    assert {line["verdict"] for line in told} == {"file_unavailable"}
    words = ("no such file", "folder", "pipe", "cannot be read", "device", "no such file", "read")
    for line, word in zip(told, words, strict=True):
        assert word in str(line["sentence"])
    assert last["verdict"] == "accepted"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_unavailable(song: Path) -> None:
    song.chmod(0)

    assert _told(song)[0]["verdict"] == "file_unavailable"


def test_the_limits_are_those_of_an_upload(song: Path, settings: Settings) -> None:
    settings.MAX_DURATION_S = 1.5
    assert _told(song)[0]["verdict"] == "too_long"
    settings.MAX_DURATION_S, settings.MAX_UPLOAD_BYTES = None, 1000
    assert _told(song)[0]["verdict"] == "too_large"
    settings.MAX_UPLOAD_BYTES, settings.MIN_FREE_BYTES = 10**6, 2**62
    assert _told(song)[0]["verdict"] == "disk_full"
    settings.MIN_FREE_BYTES, settings.PROBE_WALL_S = 0, 0.001
    assert _told(song)[0]["verdict"] == "deadline_exceeded"


def test_a_fault_of_ours_in_one_file_is_told_and_the_next_has_its_turn(
    song: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, calls = probe, []

    def fail_once(*args: Any, **options: Any) -> object:
        calls.append(args)
        if len(calls) == 1:
            raise ZeroDivisionError("secret")
        return real(*args, **options)

    monkeypatch.setattr(probe_result, "probe", fail_once)

    first, second = _told(song, song, jobs=1)

    assert (first["verdict"], second["verdict"]) == ("internal", "accepted")
    assert "secret" not in str(first["sentence"])
    assert any(record.exc_info for record in caplog.records)


def test_names_come_from_a_list_or_from_standard_input(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tmp_path / "names"
    names.write_text(f"{song}\n\n{tmp_path / 'none.wav'}\n")

    listed = _told(song, files_from=str(names))
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(names.read_bytes())))
    piped = _told(files_from="-")

    assert [line["verdict"] for line in listed] == ["accepted", "accepted", "file_unavailable"]
    assert [line["verdict"] for line in piped] == ["accepted", "file_unavailable"]


def test_a_call_that_asks_for_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="at least one FILE"):
        call_command("probe")
    with pytest.raises(CommandError, match="No such file"):
        call_command("probe", files_from=str(tmp_path / "none"))
    with pytest.raises(CommandError, match="at least 1"):
        call_command("probe", str(tmp_path), jobs=0)


def test_for_people_it_is_a_table_that_cannot_steer_a_terminal(song: Path) -> None:
    evil = song.rename(song.with_name("so\x1b[2Jng\u202e.wav"))
    out = StringIO()

    call_command("probe", str(evil), str(evil) + "x", stdout=out)

    text = out.getvalue()
    assert "accepted" in text and "2.00 s" in text and "11025 Hz, 2 ch" in text
    assert "so\\x1b[2Jng\\u202e.wav" in text
    assert "\x1b" not in text and "\u202e" not in text
    assert text.splitlines()[-1] == "1 accepted, 1 file_unavailable"


def test_from_a_shell_it_ends_with_0_however_the_verdicts_fall(song: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "probe", str(song), "/nowhere.wav", "--json"],
        cwd=ROOT,
        env={**os.environ, "STEMSITE_DATA_DIR": str(song.parent / "data")},
        capture_output=True,
        check=True,
    )

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["verdict"] for line in lines] == ["accepted", "file_unavailable"]
    assert not (song.parent / "data" / "db.sqlite3").exists()
