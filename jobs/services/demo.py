"""The demonstration: a song that the project generates, so that its true stems are known."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.errors import DemoUnavailable
from jobs.models import Job
from jobs.services.job.create import submit_song
from jobs.services.quotas.reservation import reserve
from separation.demo import FILE_NAME, VERSION
from separation.request.separation_request import parse_request
from separation.stage_table import SCORE, SEPARATION

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHUNK_BYTES = 1 << 16
MAKING_S = 120.0
"""Time limit for generating the song, which takes about one second of processor time."""

_NOT_MADE = (
    "The demonstration song could not be made on this server. Upload a song of your own, and tell "
    "whoever runs this site: the log says why."
)
_log = logging.getLogger("jobs.demo")


def start_demo(*, owner: "User") -> Job:
    """Queue the demonstration song with the site's default separator, and score its stems.

    Raises ``DemoUnavailable`` and the errors of reserving, of the intake and of creating a job.
    """
    request = parse_request(
        {
            "separator": settings.DEFAULT_SEPARATOR,
            "format": "flac24",
            "stages": (SEPARATION,),
            "score": "demo",
        }
    )
    song = _song()
    with reserve(owner=owner, size_bytes=song.stat().st_size) as hold:
        return submit_song(
            hold=hold,
            name=FILE_NAME,
            chunks=_chunks(song),
            declared_size=song.stat().st_size,
            request=request,
        )


def _song() -> Path:
    """The file of the song. A separate process generates it once, so that the web server need not
    import numpy and scipy."""
    path = Path(settings.DATA_DIR) / "demo" / f"song-{VERSION}.flac"
    if not path.is_file():
        command = [sys.executable, "-m", "separation.demo", str(path)]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(command, cwd=settings.BASE_DIR, check=True, timeout=MAKING_S)
        except (OSError, subprocess.SubprocessError) as error:
            _log.exception("the demonstration song cannot be made")
            raise DemoUnavailable(_NOT_MADE) from error
    return path


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


@dataclass(frozen=True)
class Score:
    """The score of one stem: its SDR, and the SDR of the mixture taken as the stem, in dB."""

    stem: str
    sdr_db: float
    mixture_sdr_db: float

    @property
    def gain_db(self) -> float:
        return self.sdr_db - self.mixture_sdr_db


def scores(job: Job) -> list[Score]:
    """The scores in the manifest; empty for a song whose true stems are unknown."""
    records = (stage for stage in job.manifest.get("stages", ()) if stage.get("name") == SCORE)
    details: dict[str, Any] = next((stage.get("details") or {} for stage in records), {})
    before = details.get("mixture_sdr_db") or {}
    reached = details.get("sdr_db") or {}
    return [Score(stem, reached[stem], before[stem]) for stem in reached if stem in before]
