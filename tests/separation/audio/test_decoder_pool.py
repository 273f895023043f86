"""Children that are forked instead of started: as confined, as killable, and nothing shared."""

import os
import signal
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from separation.audio.decoding.child_process import CHILD_ENVIRONMENT
from separation.audio.decoding.decode import SourceFacts, probe
from separation.audio.decoding.decoder_pool import DecoderPool
from separation.errors import CorruptAudio, DeadlineExceeded, OutOfMemory, SeparationError
from separation.sandbox.sandbox_probe import sandbox_state
from separation.system.process_tree import family
from tests.separation.audio.sounds import LIMITS, save_wav, tones

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at Linux's processes")


@pytest.fixture
def decoder_pool() -> Iterator[DecoderPool]:
    with DecoderPool(CHILD_ENVIRONMENT) as decoder_pool:
        yield decoder_pool


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return save_wav(tmp_path / "song.wav", tones(10_000))


@pytest.fixture
def long_song(tmp_path: Path) -> Path:
    """Silence at 96 kHz as a sparse file, which takes seconds to count."""
    size = 500_000_000
    path = tmp_path / "long.wav"
    path.write_bytes(
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 2, 96_000, 384_000, 4, 16),
            *(b"data", size),
        )
    )
    os.truncate(path, size + 44)
    return path


class Seen(Exception):
    """Raised to stop a child that has been looked at."""


def test_it_answers_what_a_child_of_its_own_kind_answers(
    song: Path, decoder_pool: DecoderPool
) -> None:
    facts = [probe(song, LIMITS, decoder_pool=decoder_pool) for _ in range(2)]

    assert facts == [probe(song, LIMITS)] * 2
    assert isinstance(facts[0], SourceFacts) and facts[0].source_frames == 10_000


def test_its_children_stand_behind_the_walls_and_lead_a_group_of_their_own(
    long_song: Path, decoder_pool: DecoderPool
) -> None:
    seen: dict[str, str] = {}

    def look(peak_bytes: int) -> None:
        _, child = family(decoder_pool.pid or 0)
        status = Path(f"/proc/{child}/status").read_text()
        for line in status.splitlines():
            name, colon, value = line.partition(":\t")
            if colon:
                seen[name] = value
        if seen["Seccomp"] == "0":
            return  # It has told its peak once before it raises them.
        seen["interfaces"] = Path(f"/proc/{child}/net/dev").read_text()
        seen["environment"] = Path(f"/proc/{child}/environ").read_text()
        seen["group"] = str(os.getpgid(child) == child)
        seen["folder"] = str(Path(f"/proc/{child}/cwd").readlink())
        seen["files"] = " ".join(
            str(Path(f"/proc/{child}/fd/{name}").readlink())
            for name in os.listdir(f"/proc/{child}/fd")  # noqa: PTH208
        )
        raise Seen

    with pytest.raises(Seen):
        probe(long_song, LIMITS, on_peak=look, decoder_pool=decoder_pool)

    assert (seen["NoNewPrivs"], seen["Seccomp"], seen["Threads"]) == ("1", "2", "1")
    only_access_to_files = 1 << 1 | 1 << 2
    assert int(seen["CapEff"], 16) | only_access_to_files == only_access_to_files
    names = {variable.partition("=")[0] for variable in seen["environment"].split("\0")}
    assert names <= {*CHILD_ENVIRONMENT, ""}
    assert seen["group"] == "True"
    assert "socket:" not in seen["files"], "it could give orders"
    assert seen["folder"] == f"/proc/{seen['Pid']}"
    if sandbox_state().namespaces != "none":
        assert seen["interfaces"].count(":") == 1 and "lo:" in seen["interfaces"]


def test_a_child_that_is_stopped_is_gone_and_the_next_has_its_turn(
    long_song: Path, song: Path, decoder_pool: DecoderPool
) -> None:
    with pytest.raises(DeadlineExceeded):
        probe(long_song, replace(LIMITS, probe_wall_s=0.5), decoder_pool=decoder_pool)

    # Dead by now, but for a moment still in the list: the decoder_pool is about to reap it.
    _wait_for_family(decoder_pool.pid or 0, [decoder_pool.pid])
    assert probe(song, LIMITS, decoder_pool=decoder_pool).source_frames == 10_000


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGKILL, OutOfMemory), (signal.SIGSEGV, CorruptAudio)]
)
def test_the_death_of_a_child_means_what_it_always_means(
    long_song: Path,
    song: Path,
    decoder_pool: DecoderPool,
    number: int,
    error: type[SeparationError],
) -> None:
    def kill(peak_bytes: int) -> None:
        os.kill(family(decoder_pool.pid or 0)[1], number)

    with pytest.raises(error):
        probe(long_song, LIMITS, on_peak=kill, decoder_pool=decoder_pool)

    before = decoder_pool.pid
    assert probe(song, LIMITS, decoder_pool=decoder_pool).source_frames == 10_000
    assert decoder_pool.pid == before


def test_one_that_is_killed_takes_its_child_along_and_is_replaced(
    long_song: Path, song: Path, decoder_pool: DecoderPool
) -> None:
    children: list[int] = []

    def kill(peak_bytes: int) -> None:
        if not children:
            children.extend(family(decoder_pool.pid or 0))
            os.kill(children[0], signal.SIGKILL)

    with pytest.raises(OutOfMemory):
        probe(long_song, LIMITS, on_peak=kill, decoder_pool=decoder_pool)

    assert len(children) == 2
    _wait_for_family(children[1], [])
    assert probe(song, LIMITS, decoder_pool=decoder_pool).source_frames == 10_000
    assert decoder_pool.pid not in children


def test_closed_it_leaves_no_process(song: Path, decoder_pool: DecoderPool) -> None:
    probe(song, LIMITS, decoder_pool=decoder_pool)
    pid = decoder_pool.pid
    assert pid is not None

    decoder_pool.close()

    assert family(pid) == []


def _wait_for_family(pid: int, wanted: list[int | None]) -> None:
    deadline = time.monotonic() + 5
    while family(pid) != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.02)
