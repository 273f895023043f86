"""The walls around the decoding child, each tried from within."""

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from separation.audio.decoding.decode import decode_to_canonical
from separation.errors import Cancelled
from separation.sandbox.confine import MAX_OPEN_FILES
from separation.sandbox.landlock import version
from separation.sandbox.sandbox_probe import sandbox_state
from tests.separation.audio.sounds import LIMITS

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")
needs_namespaces = pytest.mark.skipif(
    "sandbox_state().namespaces == 'none'", reason="this host lets nobody make a namespace"
)
needs_landlock = pytest.mark.skipif(not version(), reason="this kernel has no Landlock")

CONFINE = """
from separation.sandbox.confine import confine
confine(memory_bytes=2**31, cpu_s=5.0, file_bytes=1000, readable=[sys.argv[2]],
        writable=[sys.argv[3]])
"""
LEAVE = "from separation.sandbox.namespaces import leave_network; leave_network()\n"
TRY = """
def tried(attempt):
    try:
        return attempt()
    except OSError as error:
        return type(error).__name__
"""


def seen_inside(script: str, *arguments: object) -> Any:
    """What a confined interpreter prints, as JSON."""
    source = "import json, os, socket, sys, threading; sys.path.append(sys.argv[1])\n" + script
    command = [sys.executable, "-I", "-c", source, str(ROOT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture
def listener() -> Iterator[int]:
    """A port of the loopback device where somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


CONNECT = "print(json.dumps(tried(lambda: socket.create_connection(('127.0.0.1', {}), 5) and 0)))"


def test_who_is_not_confined_reaches_the_listener(listener: int) -> None:
    """Without this the two refusals below would prove nothing."""
    assert seen_inside(TRY + CONNECT.format(listener)) == 0


@needs_namespaces
def test_in_a_network_of_its_own_there_is_nobody_to_connect_to(listener: int) -> None:
    assert seen_inside(LEAVE + TRY + CONNECT.format(listener)) == "OSError"


def test_a_confined_process_makes_no_sockets_of_any_kind(tmp_path: Path) -> None:
    look = (
        "print(json.dumps([tried(lambda: socket.socket(family, kind) and 0) for family, kind in "
        "((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM), "
        "(socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_NETLINK, socket.SOCK_RAW))]))"
    )
    assert seen_inside(CONFINE + TRY + look, tmp_path, tmp_path) == ["PermissionError"] * 4


def test_a_confined_process_starts_neither_programs_nor_threads(tmp_path: Path) -> None:
    look = """
def thread():
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        return "PermissionError"
print(json.dumps([tried(os.fork), tried(lambda: os.execv("/bin/true", ["true"])), thread()]))
"""
    assert seen_inside(CONFINE + TRY + look, tmp_path, tmp_path) == ["PermissionError"] * 3


def test_a_confined_process_opens_few_files(tmp_path: Path) -> None:
    look = """
files = []
try:
    while True:
        files.append(open(sys.argv[2], "rb"))
except OSError as error:
    print(json.dumps([error.errno, files[-1].fileno()]))
"""
    (tmp_path / "song").touch()
    errno, last = seen_inside(CONFINE + look, tmp_path / "song", tmp_path)
    assert (os.strerror(errno), last) == ("Too many open files", MAX_OPEN_FILES - 1)


def test_a_confined_process_writes_no_file_above_its_size(tmp_path: Path) -> None:
    look = """
def write():
    with open(sys.argv[3] + "/big", "wb", buffering=0) as file:
        return [file.write(bytes(1000)), tried(lambda: file.write(b"1"))]
print(json.dumps(tried(write)))
"""
    assert seen_inside(CONFINE + TRY + look, tmp_path, tmp_path) == [1000, "OSError"]


@needs_landlock
def test_a_confined_process_reaches_its_own_files_and_no_others(tmp_path: Path) -> None:
    work, elsewhere = tmp_path / "work", tmp_path / "elsewhere"
    for folder in (work, elsewhere):
        folder.mkdir()
        (folder / "song").write_bytes(b"la")
    look = """
def read(path): return open(path).read()
def write(path): return open(path, "w").write("x")
mine, theirs, work, elsewhere = sys.argv[2], sys.argv[4] + "/song", sys.argv[3], sys.argv[4]
print(json.dumps([
    tried(lambda: read(mine)), tried(lambda: write(work + "/new")), tried(lambda: write(mine)),
    tried(lambda: read(theirs)), tried(lambda: write(elsewhere + "/new")),
    tried(lambda: os.listdir(elsewhere)), tried(lambda: os.symlink("a", work + "/link")),
    tried(lambda: read("/etc/passwd")), tried(lambda: read("/proc/self/environ")),
]))
"""
    (tmp_path / "mine").write_bytes(b"do")
    seen = seen_inside(CONFINE + TRY + look, tmp_path / "mine", work, elsewhere)
    assert seen == ["do", 1, *["PermissionError"] * 7]
    assert sorted(path.name for path in work.iterdir()) == ["new", "song"]
    assert [path.name for path in elsewhere.iterdir()] == ["song"]


def test_the_child_that_decodes_stands_behind_these_walls(tmp_path: Path) -> None:
    """Read off the real child while it works; the tests above call the walls themselves."""
    source = tmp_path / "long.wav"
    size = 300_000_000
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 2, 96_000, 384_000, 4, 16, b"data", size),
    )
    source.write_bytes(header)
    os.truncate(source, size + len(header))
    target = tmp_path / "work" / "song.wav"
    target.parent.mkdir()
    seen: dict[str, str] = {}

    def look(fraction: float, message: str = "") -> None:
        if target.exists():
            seen.update(_status_of_the_child_with(source))
            raise Cancelled("Seen.")

    with pytest.raises(Cancelled):
        decode_to_canonical(source, target, LIMITS, report=look)

    assert (seen["NoNewPrivs"], seen["Seccomp"], seen["Threads"]) == ("1", "2", "1")
    only_access_to_files = 1 << 1 | 1 << 2
    assert int(seen["CapEff"], 16) | only_access_to_files == only_access_to_files
    assert set(seen["environment"].split()) <= {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
    if sandbox_state().namespaces != "none":
        assert seen["interfaces"] == "lo"


def _status_of_the_child_with(source: Path) -> dict[str, str]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(source).encode() not in (entry / "cmdline").read_bytes():
                continue
            lines = (entry / "status").read_text().splitlines()
            network = (entry / "net/dev").read_text().splitlines()[2:]
            variables = (entry / "environ").read_text().split("\0")
        except OSError:
            continue
        return {
            **{name: value.strip() for name, _, value in (line.partition(":") for line in lines)},
            "interfaces": " ".join(line.partition(":")[0].strip() for line in network),
            "environment": " ".join(line.partition("=")[0] for line in variables),
        }
    return {}


def test_the_walls_of_this_host_are_told_in_words() -> None:
    walls = sandbox_state()
    assert walls.system_calls and walls.without_network
    assert "seccomp" in walls.words and ("unshare" in walls.words) == (walls.namespaces != "none")
    assert walls.files == bool(version())
