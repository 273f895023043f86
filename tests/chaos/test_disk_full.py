"""The disk of the results is full in the middle of a job, and has room again later.

A small tmpfs where the kernel lets us mount one; elsewhere a limit on the size of a file, which
the kernel enforces on the running processes and takes back as easily.
"""

import contextlib
import resource
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.conftest import MakeSite
from tests.chaos.site import ChaosSite
from tests.chaos.songs import Jukebox

pytestmark = pytest.mark.slow

SONG_S = 20.0
"""As floats 7 MB, and as much again for each stem."""
LITTLE_BYTES = 16 << 20
LITTLE_FILE_BYTES = 5 << 20


@dataclass(frozen=True)
class Disk:
    outputs: Path
    kind: str
    fill: Callable[[ChaosSite], None]
    make_room: Callable[[ChaosSite], None]


def mount(*options: str) -> bool:
    return subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    if not mount("-t", "tmpfs", "-o", f"size={LITTLE_BYTES}", "tmpfs", str(outputs)):
        yield Disk(outputs, "a limit on files", limit_files, lift_limit)
        return
    yield Disk(
        outputs,
        "a tmpfs",
        lambda site: None,
        lambda site: grow(outputs),
    )
    subprocess.run(["umount", "--lazy", str(outputs)], check=True)


def grow(outputs: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=1g", str(outputs)], check=True)


def limit_files(site: ChaosSite) -> None:
    set_limit(site, LITTLE_FILE_BYTES)


def lift_limit(site: ChaosSite) -> None:
    set_limit(site, resource.RLIM_INFINITY)


def set_limit(site: ChaosSite, most: int) -> None:
    for process in site.living():
        with contextlib.suppress(ProcessLookupError):
            hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, hard))


def test_a_full_disk_is_told_by_name_and_the_job_can_be_tried_again(
    make_site: MakeSite, disk: Disk, tell: Callable[[str], None]
) -> None:
    site = make_site(None, STEMSITE_OUTPUT_DIR=str(disk.outputs), STEMSITE_MIN_FREE_BYTES="0")
    site.start_cluster()
    music = Jukebox(site, seconds=SONG_S, network_seconds=1.0)
    music.send()
    small = site.call("add_song", seconds=1.0, seed=9)
    before = site.call("create", song=small, separator="spectral")
    site.wait_until_ended(before, 60.0)
    disk.fill(site)
    job_id = music.spectral()
    job = site.wait_until_ended(job_id, 60.0)
    assert (job["status"], job["error"]) == ("failed", "disk_full")
    assert site.faults() == []
    disk.make_room(site)
    site.call("retry", job=job_id)
    assert site.wait_until_ended(job_id, 60.0)["status"] == "completed"
    assert site.wait_until_ended(music.spectral(), 60.0)["status"] == "completed"
    site.stop_all()
    assert site.faults() == []
    tell(f"3 jobs, 1 of them met {disk.kind}")
