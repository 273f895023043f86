"""The child: what it may not do, how it is stopped, and what its death means."""

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from separation.audio.decoding import child_process
from separation.audio.decoding.child_process import run_child
from separation.audio.decoding.decode import decode_to_canonical, probe
from separation.errors import (
    Cancelled,
    CorruptAudio,
    DeadlineExceeded,
    DecoderUnavailable,
    DiskFull,
    OutOfMemory,
    SeparationError,
    WorkerLost,
)
from tests.separation.audio.sounds import LIMITS, save_by_ffmpeg, save_wav, tones

ROOT = Path(__file__).parents[3]
READY = """print('{"ready": true}', flush=True)"""


@pytest.fixture
def long_song(tmp_path: Path) -> Path:
    """Thirteen minutes of silence at 96 kHz as a sparse file: made at once, decoded in seconds."""
    size = 300_000_000
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 2, 96_000, 384_000, 4, 16, b"data", size),
    )
    path = tmp_path / "long.wav"
    path.write_bytes(header)
    os.truncate(path, size + len(header))
    return path


def _children_working_on(path: Path) -> list[str]:
    """Command lines of processes that name this file."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(path) in command:
            found.append(command)
    return found


def test_a_cancel_kills_the_child_at_once_and_removes_what_it_wrote(
    long_song: Path, tmp_path: Path
) -> None:
    target = tmp_path / "work" / "song.wav"
    target.parent.mkdir()
    asked_at = 0.0

    def cancel_once_it_writes(fraction: float, message: str = "") -> None:
        nonlocal asked_at
        if target.exists() and target.stat().st_size > 1_000_000:
            assert _children_working_on(long_song)
            asked_at = time.monotonic()
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        decode_to_canonical(long_song, target, LIMITS, report=cancel_once_it_writes)

    assert time.monotonic() - asked_at < 1.0
    assert _children_working_on(long_song) == []
    assert list(target.parent.iterdir()) == []


def test_the_wall_clock_ends_a_decode_that_takes_too_long(long_song: Path, tmp_path: Path) -> None:
    with pytest.raises(DeadlineExceeded, match=r"0\.6 seconds"):
        decode_to_canonical(long_song, tmp_path / "song.wav", replace(LIMITS, decode_wall_s=0.6))

    assert _children_working_on(long_song) == []
    assert not (tmp_path / "song.wav").exists()


def test_a_child_that_says_nothing_can_be_cancelled_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "_BOOT", "while True: pass")
    began = time.monotonic()

    def cancel(_: float | None) -> None:
        if time.monotonic() - began > 0.5:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        run_child({}, wall_s=30.0, on_progress=cancel)

    assert time.monotonic() - began < 2.5


def test_a_child_that_stands_still_is_not_told_to_be_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child_process, "_BOOT", "import time; time.sleep(60)")
    began, told = time.monotonic(), []

    with pytest.raises(DeadlineExceeded):
        run_child({}, wall_s=3.0, on_progress=lambda _: told.append(time.monotonic() - began))

    assert all(when < 2.0 for when in told), "its start is all that it did"


def test_a_child_that_hangs_up_and_stays_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"{READY}; import os, time; os.close(1); os.close(2); time.sleep(60)"
    monkeypatch.setattr(child_process, "_BOOT", script)
    began = time.monotonic()

    with pytest.raises(CorruptAudio, match="crash"):
        run_child({}, wall_s=30.0, on_progress=lambda _: None)

    assert time.monotonic() - began < 5.0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of that")
def test_the_child_does_not_outlive_a_parent_that_is_killed(
    long_song: Path, tmp_path: Path
) -> None:
    target = tmp_path / "song.wav"
    script = (
        "import sys; from pathlib import Path; sys.path.append(sys.argv[1])\n"
        "from separation.audio.decoding.decode import decode_to_canonical\n"
        "from separation.settings import IntakeLimits\n"
        "decode_to_canonical(*map(Path, sys.argv[2:]), IntakeLimits(min_free_bytes=1))\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(ROOT), str(long_song), str(target)],
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    _wait_until(lambda: target.exists() and target.stat().st_size > 1000)

    parent.kill()
    parent.wait()

    _wait_until(lambda: _children_working_on(long_song) == [])
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of that")
def test_a_child_whose_parent_is_killed_while_it_starts_ends_too(
    long_song: Path, tmp_path: Path
) -> None:
    """Before it has imported anything, let alone confined itself."""
    script = (
        "import os, signal, subprocess, sys; from pathlib import Path\n"
        "sys.path.append(sys.argv[1])\n"
        "from separation.audio.decoding import child_process\n"
        "start = subprocess.Popen\n"
        "def die_after(*a, **k): start(*a, **k); os.kill(os.getpid(), signal.SIGKILL)\n"
        "subprocess.Popen = die_after\n"
        "from separation.audio.decoding.decode import decode_to_canonical\n"
        "from separation.settings import IntakeLimits\n"
        "decode_to_canonical(*map(Path, sys.argv[2:]), IntakeLimits(min_free_bytes=1))\n"
    )
    target = tmp_path / "song.wav"
    parent = subprocess.run([sys.executable, "-c", script, str(ROOT), str(long_song), str(target)])
    assert parent.returncode == -signal.SIGKILL

    _wait_until(lambda: _children_working_on(long_song) == [], limit_s=3.0)
    assert not target.exists()


def _wait_until(holds: Callable[[], bool], limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    source = save_wav(tmp_path / "a.wav", tones(1_000_000, 48_000), 48_000)
    shares: list[float] = []

    decode_to_canonical(
        source, tmp_path / "song.wav", LIMITS, report=lambda share, _="": shares.append(share)
    )

    assert shares == sorted(shares)
    assert 0.0 < max(shares) <= 1.0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crash"),
        ("print('hello, this is no JSON')", "nonsense"),
        ("print('x' * 2_000_000, end='')", "nonsense"),
        ("raise RuntimeError('odd')", "crash"),
    ],
)
def test_a_child_that_dies_or_talks_nonsense_means_a_corrupt_file(
    monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    monkeypatch.setattr(child_process, "_BOOT", f"{READY}; {script}")

    with pytest.raises(CorruptAudio, match=words):
        run_child({}, wall_s=10.0, on_progress=lambda _: None)


@pytest.fixture
def broken_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a module of this content in the place of one that the child imports."""

    def put(name: str, content: str) -> None:
        broken = tmp_path / "broken"
        broken.mkdir()
        (broken / f"{name}.py").write_text(content)
        first = f"import sys; sys.path.insert(0, {str(broken)!r}); "
        monkeypatch.setattr(child_process, "_BOOT", first + child_process._BOOT)

    return put


@pytest.mark.parametrize(
    ("module", "content", "reason"),
    [
        ("soundfile", "raise OSError('sndfile library not found')", "sndfile library not found"),
        ("numpy", "raise ImportError('built for another Python')", "built for another Python"),
        ("mutagen", "import os; os.abort()", "ended with -6"),
        ("av", "raise ImportError('libz.so.1: no such file')", "libz.so.1: no such file"),
    ],
)
def test_a_broken_installation_is_not_put_down_to_the_song(
    tmp_path: Path,
    broken_install: Callable[[str, str], None],
    caplog: pytest.LogCaptureFixture,
    module: str,
    content: str,
    reason: str,
) -> None:
    kind = {"kind": "ipod", "codec": "aac"}
    song = save_by_ffmpeg(tmp_path / "a.m4a", tones(5000), 44_100, **kind)
    broken_install(module, content)

    with pytest.raises(DecoderUnavailable, match="Whoever runs it") as caught:
        probe(song, LIMITS)

    assert reason in caplog.text and reason not in caught.value.detail


def test_a_child_gets_neither_our_environment_nor_our_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    look = (
        "import json, os\n"
        "try: os.close(os.open('left_behind', os.O_CREAT)); made = True\n"
        "except OSError: made = False\n"
        "print(json.dumps({'done': {'env': dict(os.environ), 'made': made, "
        "'is_its_own': os.getcwd() == f'/proc/{os.getpid()}'}}))"
    )
    monkeypatch.setattr(child_process, "_BOOT", look)

    seen = run_child({}, wall_s=10.0, on_progress=lambda _: None)

    assert "SECRET_KEY" not in seen["env"]
    assert (seen["is_its_own"], seen["made"]) == (True, False)


def test_a_full_disk_while_decoding_is_named(tmp_path: Path) -> None:
    source = save_wav(tmp_path / "a.wav", tones(400_000))
    task = {
        "source": str(source),
        "target": str(tmp_path / "song.wav"),
        "container": "wav",
        "reader": "soundfile",
        "count_until": None,
        "max_duration_s": None,
        "max_channels": 2,
        "min_sample_rate_hz": 1,
        "max_sample_rate_hz": 96_000,
        "max_decode_ratio": 100.0,
        "max_output_bytes": 1_000_000,
        "memory_bytes": LIMITS.decode_memory_bytes,
        "cpu_s": 10.0,
    }

    with pytest.raises(DiskFull):
        run_child(task, wall_s=10.0, on_progress=lambda _: None)


def test_a_decoder_that_wants_too_much_memory_is_stopped(tmp_path: Path) -> None:
    source = save_wav(tmp_path / "a.wav", tones(400_000))

    with pytest.raises(CorruptAudio):
        probe(source, replace(LIMITS, decode_memory_bytes=1_000_000))


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGKILL, OutOfMemory), (signal.SIGTERM, WorkerLost)]
)
def test_a_decoder_ended_by_the_system_is_not_put_down_to_the_song(
    long_song: Path, tmp_path: Path, number: signal.Signals, error: type[SeparationError]
) -> None:
    """The kernel kills for want of memory; a service that stops may tell each of its processes."""

    def kill(fraction: float, message: str = "") -> None:
        for facts in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(facts.read_text().rsplit(")", 1)[1].split()[1]) == os.getpid():
                    os.kill(int(facts.parent.name), number)

    with pytest.raises(error):
        decode_to_canonical(long_song, tmp_path / "song.wav", LIMITS, report=kill)


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels count processor time otherwise")
def test_too_much_processor_time_ends_the_process_with_a_signal_that_says_so() -> None:
    spin = (
        "import sys; sys.path.append(sys.argv[1]); "
        "from separation.sandbox.confine import confine; "
        "confine(memory_bytes=2**31, cpu_s=1.0, file_bytes=1000)\nwhile True: pass"
    )

    ended = subprocess.run([sys.executable, "-I", "-c", spin, str(ROOT)], check=False)

    assert ended.returncode == -signal.SIGXCPU


CONFINED = """
import json, os, socket, sys
sys.path.append(sys.argv[1])
from separation.sandbox.confine import confine
confine(memory_bytes=2**31, cpu_s=5.0, file_bytes=1000)
refused = []
for name, attempt in (
    ("socket", socket.socket),
    ("fork", os.fork),
    ("exec", lambda: os.execv("/bin/true", ["true"])),
    ("large file", lambda: open("big", "wb", buffering=0).write(bytes(1001)) == 1001 or 1 / 0),
):
    try:
        attempt()
    except (OSError, ZeroDivisionError):
        refused.append(name)
print(json.dumps(refused))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux's")
def test_the_confined_process_opens_no_sockets_and_starts_no_programs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", CONFINED, str(ROOT)],
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )

    assert json.loads(done.stdout) == ["socket", "fork", "exec", "large file"]


def test_the_child_imports_nothing_heavy() -> None:
    look = (
        "import sys; sys.path.append(sys.argv[1]); import separation.audio.decoding.decode_child; "
        "print([n for n in ('torch', 'scipy', 'librosa', 'pydantic', 'django', 'av') "
        "if n in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", look, str(ROOT)], capture_output=True, check=True
    )

    assert done.stdout.decode().strip() == "[]"
