"""``manage.py evaluate``: a suite through the real runner."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

from jobs.management.commands.evaluate import (
    Command,
    ProgressReport,
    order_from,
    requests_from,
    terminated_as_interrupted,
)
from jobs.management.progress_bar import ProgressBar
from jobs.models import ModelMeasurement
from separation.errors import InvalidOptions
from tests.separation.evaluation.songs import save_song, stems

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Two songs of a second; the second has no bass."""
    for name, parts in (("A", ("drums", "bass", "other", "vocals")), ("B", ("drums", "vocals"))):
        save_song(tmp_path / "suite" / name, stems(1.2, names=parts))
    return tmp_path / "suite"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command puts what it removes again."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def evaluate(suite: Path, *, ends_with: int = 0, **options: Any) -> tuple[str, str]:
    said, errors = io.StringIO(), io.StringIO()
    chosen = {"separator": "spectral", **options}
    try:
        call_command("evaluate", suite=suite, stdout=said, stderr=errors, **chosen)
        code: Any = 0
    except SystemExit as ended:
        code = ended.code
    assert code == ends_with, errors.getvalue()
    return said.getvalue(), errors.getvalue()


@pytest.mark.django_db
def test_one_document_tells_every_figure_of_every_song_and_nothing_is_left_but_what_is_kept(
    suite: Path, scratch: Path, tmp_path: Path, settings: Settings
) -> None:
    # Those of a person: what is made there follows that person's umask.
    settings.DATA_DIR, settings.INHERITED_UMASK = tmp_path / "data", 0o022
    page, kept = tmp_path / "report" / "page.html", tmp_path / "kept"

    before = os.umask(0o077)
    said, errors = evaluate(suite, json=True, html=page, keep=kept, record=True)
    os.umask(before)

    document = json.loads(said)
    assert errors == ""
    assert (document["suite"]["name"], document["suite"]["songs"]) == ("suite", 2)
    run = document["run"]
    assert run["separator"]["model"] == "spectral" and len(run["separator"]["weights_digest"]) == 64
    assert [song["song"] for song in run["songs"]] == ["A", "B"]
    assert list(run["songs"][0]["stems"]) == ["drums", "bass", "other", "vocals"]
    assert list(run["songs"][1]["stems"]) == ["drums", "vocals"]
    for song in run["songs"]:
        assert 0 < song["separation_s"] < song["job_s"]
        for stem in song["stems"].values():
            assert set(stem["separated"]) == {"sdr", "si_sdr", "bss_sdr"}
            assert stem["gain"]["sdr"] == pytest.approx(
                stem["separated"]["sdr"] - stem["nothing"]["sdr"], abs=1e-6
            )
    assert run["peak_memory_bytes"] > 50e6
    assert document["host"]["cores"] >= 1 and document["host"]["processor"]
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(scratch.iterdir()) == []
    for made in (page, page.parent, kept, *kept.rglob("*")):
        assert made.stat().st_mode & 0o777 == (0o755 if made.is_dir() else 0o644), made
    for stem, told in run["songs"][0]["stems"].items():
        separated, rate = soundfile.read(kept / "spectral" / "A" / f"{stem}.wav")
        true, _ = soundfile.read(suite / "A" / f"{stem}.wav")
        assert (rate, separated.shape) == (44_100, true.shape)
        wanted = 10 * np.log10(np.sum(true**2) / np.sum((true - separated) ** 2))
        assert told["separated"]["sdr"] == pytest.approx(wanted, abs=1e-4)
    recorded = ModelMeasurement.objects.get()
    assert (recorded.model_name, recorded.suite, recorded.songs) == ("spectral", "suite", 2)
    assert recorded.figures["sdr"]["mean"] == run["summary"]["all_stems"]["sdr"]["separated"]


def test_a_baseline_stands_beside_the_separator(suite: Path) -> None:
    said, _ = evaluate(
        suite, limit=1, seconds=0.8, stems="2:vocals", baseline="spectral/spectral", metrics="sdr"
    )
    # The same masks under the name of their model; the other options hold for both.
    assert "A: 0.8 s, separated in" in said
    assert "spectral against spectral" in said
    rows = [line.split() for line in said.splitlines() if line.startswith("  accompaniment")]
    assert len(rows) == 5
    assert rows[-1][3] == "0.00"


@pytest.mark.django_db
def test_a_song_that_cannot_be_measured_is_told_and_the_others_are_whatever_they_are_called(
    suite: Path, scratch: Path, tmp_path: Path
) -> None:
    (suite / "A" / "drums.wav").write_text("Dear sirs,\n" * 50)
    # Bytes that are no text in UTF-8.
    (suite / "B").rename(suite / os.fsdecode(b"B\xff"))
    page = tmp_path / "page.html"

    said, errors = evaluate(suite, json=True, html=page, record=True, ends_with=3)

    assert errors.startswith("unsupported_format: A: drums.wav: ")
    assert "note: spectral is not recorded" in errors and not ModelMeasurement.objects.exists()
    run = json.loads(said)["run"]
    assert [song["song"] for song in run["songs"]] == ["B\udcff"]
    assert [(song["song"], song["code"]) for song in run["failed"]] == [("A", "unsupported_format")]
    assert "B\\udcff" in page.read_text(encoding="utf-8")
    assert list(scratch.iterdir()) == []


def test_a_suite_of_other_stems_says_what_to_do(tmp_path: Path, scratch: Path) -> None:
    save_song(tmp_path / "suite" / "A", stems(0.3, names=("kazoo", "harp")))
    said, errors = evaluate(tmp_path / "suite", ends_with=2, stems="vocals,drums")
    assert said == ""
    assert "suite_invalid: " in errors and "Rename the files" in errors
    assert list(scratch.iterdir()) == []


def test_a_model_that_is_not_here_ends_the_command_before_the_second_song(suite: Path) -> None:
    said, errors = evaluate(suite, ends_with=2, separator="demucs", model="htdemucs")
    assert said == ""
    assert errors.startswith("model_unavailable: ") and len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"metrics": "sdr,pesq"}, "invalid_options: There is no metric 'pesq'"),
        ({"limit": 0}, "invalid_options: --limit 0"),
        ({"seconds": 0.0}, "invalid_options: --seconds 0"),
        ({"seconds": float("nan")}, "invalid_options: --seconds nan"),
        ({"baseline": "spectral"}, "invalid_options: --baseline spectral"),
        ({"stems": "9"}, "invalid_options: "),
        ({"keep": ROOT}, "storage_unavailable: The folder"),
        ({"html": ROOT}, "storage_unavailable: "),
        ({"html": Path("/proc/none/page.html")}, "storage_unavailable: "),
    ],
)
def test_what_cannot_be_done_is_told_before_any_song_is_read(
    suite: Path, options: dict[str, Any], words: str
) -> None:
    said, errors = evaluate(suite, ends_with=2, **options)
    assert said == ""
    assert errors.startswith(words)


def test_a_model_that_the_operators_rule_leaves_out_is_refused(
    suite: Path, settings: Settings
) -> None:
    settings.MODEL_LICENCES = ("granted",)
    for options in ({"separator": "demucs"}, {"baseline": "demucs/htdemucs"}):
        _, errors = evaluate(suite, ends_with=2, **options)
        assert errors.startswith("licence_refused: ")


@pytest.mark.django_db
def test_a_database_without_a_place_for_figures_is_told_before_any_work(suite: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {ModelMeasurement._meta.db_table} RENAME TO elsewhere")
    _, errors = evaluate(suite, record=True, ends_with=2)
    assert errors.startswith("storage_unavailable: ") and "manage.py migrate" in errors


def test_a_folder_that_is_no_suite_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _, errors = evaluate(tmp_path / "empty", ends_with=2)
    assert errors.startswith("suite_invalid: ") and "mixture.wav" in errors


def test_the_bar_keeps_its_words_where_a_part_of_the_work_has_none() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    shown = ProgressReport(ProgressBar(out), "spectral")
    shown(0.25, "A: reading drums")
    shown(0.5)
    last = out.getvalue().split("\r")[-1]
    assert "50.0 %  spectral: A: reading drums" in last


def test_a_quick_look_takes_the_first_songs_and_knows_the_stems_of_all(suite: Path) -> None:
    order = order_from({**asked(), "suite": suite, "limit": 1, "seconds": 3.0})
    assert [song.name for song in order.songs] == ["A"]
    assert order.suite.stems == {"drums", "bass", "other", "vocals"}
    assert order.seconds == 3.0


def asked(*given: str) -> dict[str, Any]:
    parser = Command().create_parser("manage.py", "evaluate")
    return vars(parser.parse_args(["--suite", "songs", *given]))


def test_the_baseline_may_name_a_model_and_shares_the_other_choices() -> None:
    first, second = requests_from(
        asked("--separator", "spectral", "--baseline", "demucs/htdemucs_ft", "--shifts", "2")
    )
    assert (first.separator, first.model, first.shifts) == ("spectral", None, 2)
    assert (second.separator, second.model, second.shifts) == ("demucs", "htdemucs_ft", 2)
    assert first.stages == second.stages == ("separation",)


def test_songs_stay_on_this_machine_when_told_to() -> None:
    assert requests_from(asked())[0].allow_remote
    assert not requests_from(asked("--no-remote"))[0].allow_remote
    with pytest.raises(InvalidOptions, match="remote"):
        requests_from(asked("--separator", "remote", "--no-remote"))


def test_help_names_every_exit_code() -> None:
    text = Command().create_parser("manage.py", "evaluate").format_help()
    assert re.findall(r"^  (\d+) ", text, re.MULTILINE) == ["0", "2", "3", "130"]


def test_sigterm_ends_it_as_ctrl_c_does_and_only_while_it_works() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c_ends_it_with_130_and_leaves_neither_files_nor_processes(
    suite: Path, tmp_path: Path
) -> None:
    (tmp_path / "scratch").mkdir()
    save_song(suite / "A", stems(20.0, names=("drums", "vocals")))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "evaluate", "--suite", suite, "--separator", "spectral"],
        cwd=ROOT,
        env={
            **os.environ,
            "STEMSITE_DATA_DIR": str(tmp_path / "data"),
            "TMPDIR": str(tmp_path / "scratch"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "scratch").glob("*/job/work/*/*.wav")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    family = [int(pid) for pid in _children(process.pid)]
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=30)

    assert process.returncode == 130, errors
    assert said == "" and "Traceback" not in errors
    assert errors.splitlines()[-1] == "cancelled: stopped; no report was made."
    assert list((tmp_path / "scratch").iterdir()) == []
    assert family and not any(Path(f"/proc/{pid}").exists() for pid in family)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
