"""Renders a mix of a finished job as one file, at once and in a separate process. The file is not
kept.

A mix does not go through the queue, where it would wait behind separations that take minutes. It
needs no model, it takes seconds, and a user waits for it. Three limits protect the site: on the
simultaneous mixes of the site, on those of an account (one), and on the time of a mix.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from jobs.errors import JobConflict, MixBusy, MixFailed
from jobs.models import Artifact, Job
from jobs.services.archive import safe_title
from jobs.services.listening.index import playable_tracks
from jobs.services.sharing import title_of
from jobs.services.storage.integrity import ensure_intact
from separation.errors import DeadlineExceeded, DiskFull, InvalidOptions, error_from_code
from separation.mixdown.request import VOCALS, MixFile, MixRequest, MixTask, linear

MIX_PREFIX = "mix-"
"""Prefix of the folders in which mixes are rendered."""

_DRAFT_FRAME_BYTES = 8
_HIGHEST_FRAME_BYTES = 8
"""Bytes per frame of two channels in 32-bit float: of the draft, and at most of the file."""

_REFUSED = 3
_SHORTEST_S = 0.1
"""The shortest range, which is the shortest loop of the mixer."""

_lock = threading.Lock()
_served: set[int] = set()
_log = logging.getLogger("jobs.mixing")


@dataclass(frozen=True)
class Mix:
    """``filename`` is cleaned for a download. The file is deleted when its context ends."""

    path: Path
    filename: str


_KINDS = {None: "mix", "without": "karaoke", "quiet": "karaoke with quiet vocals"}
"""What stands in the name and the title of the file."""


def has_karaoke(stems: list[str]) -> bool:
    return VOCALS in stems and len(stems) > 1


@contextmanager
def mix_of(job: Job, request: MixRequest) -> Iterator[Mix]:
    """Render the mix. The caller checks that the user may download the job's files.

    Raises ``JobConflict`` where the job has no stems, ``ArtifactDamaged``,
    ``InvalidOptions``, ``MixBusy``, ``DeadlineExceeded``, ``DiskFull``, ``MixFailed``.
    """
    playable = playable_tracks(job, list(job.artifacts.all()))
    if request.karaoke:
        # Only stems, as a part would add the audio of its stem a second time.
        playable = [track for track in playable if not track.parent]
    tracks = {track.name: track for track in playable}
    if not tracks:
        raise JobConflict("Only a finished song with a mixer can be mixed; this job has none.")
    kind = _KINDS[request.karaoke]
    with _turn(job.owner_id), _folder() as folder:
        task = _task(job, request, tracks, folder, kind)
        _check_room(task)
        made = _render(job, task)
        yield Mix(made, f"{safe_title(job)} - {kind}{made.suffix}")


def _task(
    job: Job, request: MixRequest, tracks: dict[str, Artifact], folder: Path, kind: str
) -> MixTask:
    stems = request.stems_of(list(tracks))
    first = tracks[stems[0].name]
    start, frames = _range(request, first)
    files = []
    for stem in stems:
        ensure_intact(tracks[stem.name])
        path = tracks[stem.name].file
        gain = linear(stem.gain_db) * linear(request.gain_db)
        files.append(MixFile(path=path, gain=gain, pan=stem.pan))
    return MixTask(
        files=tuple(files),
        sample_rate_hz=first.sample_rate_hz,
        start=start,
        frames=frames,
        speed=request.speed,
        format=request.format,
        container=job.source.container,
        codec=job.source.codec,
        mp3_bitrate_kbps=request.mp3_bitrate_kbps,
        folder=folder,
        title=title_of(job),
        kind=kind,
    )


def _range(request: MixRequest, track: Artifact) -> tuple[int, int]:
    """The first frame and the number of frames. An end after the song's end is set to that."""
    rate = track.sample_rate_hz
    start = round((request.start_s or 0.0) * rate)
    end = track.frames if request.end_s is None else min(round(request.end_s * rate), track.frames)
    whole = start == 0 and end == track.frames
    if end - start < (1 if whole else round(_SHORTEST_S * rate)):
        raise InvalidOptions(
            f"The range holds less than {_SHORTEST_S:g} s of this song, which is "
            f"{track.frames / rate:.1f} s long."
        )
    return start, end - start


@contextmanager
def _turn(owner_id: int) -> Iterator[None]:
    """Limit simultaneous mixes, as each one occupies a thread that serves pages, and a processor.
    Raises ``MixBusy``."""
    with _lock:
        if owner_id in _served:
            raise MixBusy("Another mix of yours is still being made. Wait for it, then try again.")
        if len(_served) >= settings.MIXES_AT_ONCE:
            raise MixBusy("The site is making other mixes at the moment. Try again in a minute.")
        _served.add(owner_id)
    try:
        yield
    finally:
        with _lock:
            _served.discard(owner_id)


@contextmanager
def _folder() -> Iterator[Path]:
    root = Path(settings.FILE_UPLOAD_TEMP_DIR)
    with tempfile.TemporaryDirectory(prefix=MIX_PREFIX, dir=root) as name:
        yield Path(name)


def _check_room(task: MixTask) -> None:
    needed = task.delivered_frames * (_DRAFT_FRAME_BYTES + _HIGHEST_FRAME_BYTES)
    if shutil.disk_usage(task.folder).free - needed < settings.MIN_FREE_BYTES:
        raise DiskFull("The server has no room for a mix at the moment. Try again later.")


def _render(job: Job, task: MixTask) -> Path:
    """Render in a separate process: the web server need not import numpy and the codecs, and a
    process that hangs or grows can be killed."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "separation.mixdown", str(os.getpid())],
            input=task.model_dump_json().encode(),
            cwd=settings.BASE_DIR,
            capture_output=True,
            timeout=settings.MIX_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeadlineExceeded(
            f"Making the mix took longer than the {settings.MIX_S:g} seconds that are allowed. "
            "Choose a shorter range."
        ) from None
    if ended.returncode in (0, _REFUSED):
        reply: dict[str, str] = json.loads(ended.stdout)
        if "error" in reply:
            raise error_from_code(reply["error"], reply["detail"])
        return task.folder / reply["done"]
    stderr = ended.stderr.decode(errors="backslashreplace")
    _log.error("job %s: making a mix ended with %s: %s", job.pk, ended.returncode, stderr)
    raise MixFailed("The mix could not be made. The reason is in the server's log.")
