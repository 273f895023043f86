"""``manage.py separate``: the pipeline in the foreground, with the real runner."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from jobs.api.uploads.choices import ChoicesSerializer
from jobs.management.commands.separate import Command, request_from
from jobs.management.result_folder import locked_folder
from separation.errors import InvalidOptions
from separation.request.presets import PREVIEW_S
from separation.request.separation_request import SeparationRequest
from separation.stage_table import USUAL_STAGES
from tests.factories import wav_bytes


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "My song.wav"
    path.write_bytes(wav_bytes(2.0))
    return path


def separate(song: Path, out: Path, **options: Any) -> tuple[str, str]:
    said, errors = io.StringIO(), io.StringIO()
    call_command(
        "separate", str(song), out=out, separator="spectral", stdout=said, stderr=errors, **options
    )
    return said.getvalue(), errors.getvalue()


def test_a_song_becomes_stems_that_sum_to_it(song: Path, tmp_path: Path) -> None:
    said, _ = separate(song, tmp_path / "out", stages="separation", json=True)
    summary = json.loads(said.splitlines()[-1])
    folder = Path(summary["manifest"]).parent
    assert folder == tmp_path / "out" / "My song"
    total = sum(
        soundfile.read(folder / path, always_2d=True)[0] for path in summary["outputs"].values()
    )
    mixture, _rate = soundfile.read(song, always_2d=True)
    # Five 24-bit files, each rounded by half a step of 2^-23: far below -90 dBFS.
    assert np.abs(total - mixture).max() < 10 ** (-90 / 20)


def test_the_summary_tells_seconds_per_stage_and_memory(song: Path, tmp_path: Path) -> None:
    said, _ = separate(song, tmp_path / "out", stages="separation", json=True)
    summary = json.loads(said.splitlines()[-1])
    assert list(summary["seconds_per_stage"]) == [
        "prepare", "separation", "quality", "export",
    ]  # fmt: skip
    assert summary["peak_memory_mb"] > 10


def test_a_text_file_named_mp3_ends_with_2_and_its_code(tmp_path: Path) -> None:
    song = tmp_path / "letter.mp3"
    song.write_text("Dear Sir or Madam, " * 100)
    errors = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("separate", str(song), out=tmp_path / "out", stderr=errors)
    assert ended.value.code == 2
    assert "unsupported_format: " in errors.getvalue()
    assert "Traceback" not in errors.getvalue()


def test_an_expected_failure_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    song = tmp_path / "letter.mp3"
    song.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(SystemExit):
        call_command("separate", str(song), out=tmp_path / "out", separator="spectral")
    # The runner writes to the descriptor; the bar's line is overwritten.
    lines = [line for line in capfd.readouterr().err.splitlines() if "unsupported_format" in line]
    assert len(lines) == 1 and "pipeline" not in lines[0]


def test_what_is_no_file_to_be_read_is_named_and_makes_no_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "album").mkdir()
    songs = [tmp_path / name for name in ("nowhere.wav", "album", "pipe.wav")]
    _said, errors = fails(*songs, out=tmp_path / "out")
    told = errors.splitlines()
    assert all(line.startswith("file_unavailable: ") for line in told)
    for line, name, why in zip(
        told, ("nowhere.wav", "album", "pipe.wav"), ("no file", "folder", "pipe"), strict=True
    ):
        assert name in line and why in line
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "given",
    [
        ("--separator", "magic"),
        ("--separator", "magic", "--repo", "weights"),
        ("--separator", "spectral", "--stems", "kazoo"),
        ("--separator", "spectral", "--model", "big"),
    ],
)
def test_what_no_separator_here_can_do_is_told_before_any_song_is_read(
    given: tuple[str, ...],
) -> None:
    with pytest.raises(InvalidOptions, match=r"There are: .*spectral|It gives: |It has: "):
        asked(*given)


def test_every_choice_of_the_api_can_be_made_here() -> None:
    parser = Command().create_parser("manage.py", "separate")
    here = {action.dest for action in parser._actions}
    assert set(ChoicesSerializer().fields) <= here


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        (("--two-stems", "vocals"), "two_stems", "vocals"),
        (("--range-start", "3.5"), "range_start_s", 3.5),
        (("--range-length", "10"), "range_length_s", 10.0),
        (("--level-measure", "lufs"), "level_measure", "lufs"),
        (("--normalize", "each"), "normalize", "each"),
        (("--true-peak-ceiling", "-3"), "true_peak_ceiling_dbtp", -3.0),
        (("--ni-stems",), "ni_stems", True),
        (("--mp3-bitrate", "128"), "mp3_bitrate_kbps", 128),
        (("--no-remote",), "allow_remote", False),
        (("--allow-smaller-model",), "allow_smaller_model", True),
        (("--preview",), "preview", True),
        (("--score", "demo"), "score", "demo"),
    ],
)
def test_a_choice_reaches_the_request(given: tuple[str, ...], field: str, value: object) -> None:
    assert getattr(asked("--separator", "spectral", *given), field) == value
    assert getattr(asked("--separator", "spectral"), field) != value


def test_a_completed_folder_is_not_written_over(song: Path, tmp_path: Path) -> None:
    for _ in range(2):
        separate(song, tmp_path / "out", stages="separation")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["My song", "My song (2)"]


def fails(*songs: Path, out: Path, **options: Any) -> tuple[str, str]:
    """Standard output and error of a run that must end with 2."""
    said, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "separate", *map(str, songs), out=out, separator="spectral", stages="separation",
            stdout=said, stderr=errors, **options,
        )  # fmt: skip
    assert ended.value.code == 2
    return said.getvalue(), errors.getvalue()


def test_a_bad_song_is_named_and_the_next_one_still_gets_its_turn(
    song: Path, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.mp3"
    letter.write_text("Dear Sir or Madam, " * 100)
    said, errors = fails(letter, song, out=tmp_path / "out", json=True)
    assert errors.startswith("unsupported_format: letter.mp3: ")
    assert json.loads(said.splitlines()[-1])["outputs"]["vocals"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["My song"], (
        "a song that never decoded leaves no folder"
    )


def test_a_folder_that_cannot_be_written_to_is_refused_before_any_work(
    song: Path, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    said, errors = fails(song, out=in_the_way / "out")
    assert errors.startswith("storage_unavailable: ") and str(in_the_way) in errors
    assert said == ""


def test_the_log_runs_through_the_bar_only_when_asked_for(
    song: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    separate(song, tmp_path / "out", stages="harmonic_percussive")
    assert "INFO" not in capfd.readouterr().err
    separate(song, tmp_path / "out", stages="harmonic_percussive", verbosity=2)
    assert "stage.prepare - INFO" in capfd.readouterr().err


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "song").mkdir()
    (tmp_path / "song (2)").write_text("a file")
    (tmp_path / "song (3)").mkdir()
    (tmp_path / "song (3)" / "manifest.json").write_text("{ of another program")
    with locked_folder(tmp_path, "song") as folder:
        assert folder == tmp_path / "song (4)"


def test_what_a_broken_off_job_left_is_taken_up_again(tmp_path: Path) -> None:
    (tmp_path / "song" / "work").mkdir(parents=True)
    for _ in range(2):
        with locked_folder(tmp_path, "song") as folder:
            assert folder == tmp_path / "song"


def test_no_two_processes_get_one_folder(tmp_path: Path) -> None:
    """Neither while both begin, nor while one is at work where another was broken off."""
    (tmp_path / "song" / "work").mkdir(parents=True)
    many = [subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(tmp_path)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[3], text=True,
    ) for _ in range(3)]  # fmt: skip
    held = [process.stdout.readline().strip() for process in many if process.stdout]
    with locked_folder(tmp_path, "song") as folder:
        assert sorted([*held, folder.name]) == ["song", "song (2)", "song (3)", "song (4)"]
    for process in many:
        process.communicate("go on")


_HOLDS = """
import pathlib, sys
from jobs.management.result_folder import locked_folder
with locked_folder(pathlib.Path(sys.argv[1]), "song") as folder:
    print(folder.name, flush=True)
    sys.stdin.read()
"""


def asked(*given: str) -> SeparationRequest:
    """What the command makes of its arguments."""
    parser = Command().create_parser("manage.py", "separate")
    return request_from(vars(parser.parse_args(["song.wav", "--out", "stems", *given])))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [("2:vocals", "two_stems", "vocals"), ("6", "model", "htdemucs_6s"), ("4", "stems", None)],
)
def test_the_short_notation_of_stems_is_understood(text: str, field: str, value: object) -> None:
    assert getattr(asked("--stems", text), field) == value


def test_without_options_the_stems_are_made_with_the_defaults_of_the_site(
    settings: Settings,
) -> None:
    settings.DEFAULT_TARGET_DB = -18.0
    request = asked()
    assert (request.stages, request.format, request.minus) == (USUAL_STAGES, "wav24", False)
    assert (request.overlap, request.shifts, request.target_db) == (0.25, 0, -18.0)
    assert not request.preview


def test_a_preset_chooses_and_any_option_wins_over_it() -> None:
    karaoke = asked("--preset", "karaoke")
    assert (karaoke.stages, karaoke.two_stems) == (("separation",), "vocals")
    assert asked("--preset", "preview").range_length_s == PREVIEW_S
    assert asked("--preset", "preview", "--overlap", "0.5").overlap == 0.5
    assert asked("--preset", "karaoke", "--stems", "drums,bass").stems == ("drums", "bass")
    assert asked("--preset", "karaoke", "--stems", "4").two_stems is None


def test_a_preset_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(CommandError, match=r"choose from .*karaoke"):
        asked("--preset", "kareoke")


def test_a_preset_makes_what_it_says(song: Path, tmp_path: Path) -> None:
    separate(song, tmp_path / "out", preset="karaoke")
    made = {path.stem for path in (tmp_path / "out").rglob("*.wav")}
    assert made == {"vocals", "no_vocals", "residual"}


def test_a_name_that_is_no_text_is_separated_and_the_next_song_has_its_turn(
    song: Path, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9.wav")
    odd.write_bytes(song.read_bytes())
    call_command(
        "separate", str(odd), str(song), out=tmp_path / "out", separator="spectral",
        stages="harmonic_percussive", stdout=io.StringIO(), stderr=io.StringIO(),
    )  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["My song", "caf"]


def test_a_folder_whose_name_is_no_text_is_refused(song: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"d\xe9j\xe0")
    _said, errors = fails(song, out=odd)
    assert errors.startswith("storage_unavailable: ") and "--out" in errors
    assert not odd.exists()
    with pytest.raises(InvalidOptions, match="--repo"):
        asked("--separator", "demucs", "--repo", str(odd))


def test_what_a_terminal_cannot_show_is_told_in_escapes(tmp_path: Path) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    told = {"manifest": tmp_path / "Caf\u00e9" / "manifest.json", "warnings": []}
    Command(stdout=terminal)._write_summary({**told, "outputs": {"vocals": "v.wav"}}, as_json=False)
    terminal.seek(0)
    assert "Caf\\xe9/v.wav" in terminal.read()
