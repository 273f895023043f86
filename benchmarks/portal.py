"""How long a person waits, from sending the song on, for stems to play and for their files.

``python benchmarks/portal.py [--seconds 180] [--repeats 3]``. The site as ``manage.py serve``
starts it, SQLite, a song as WAV by the API, FLAC of 24 bits back. The first job, which loads the
networks, and the median of those after it; the presets ``stems`` and ``preview``. Weights are those
of STEMSITE_MODEL_DIR, or of ``data/models``; nothing is fetched, and the line says what ran. Both
times are seen from outside, by a client that asks for the job every 50 ms.
"""

import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common
from tests.web_server import WebServer

POLL_S = 0.05
IDLE_S = 8.0
"""After the start, until the runner has imported what it can beforehand."""


class Portal:
    """One person with a token."""

    def __init__(self, server: WebServer) -> None:
        self._address = server.address
        self._headers = {"Authorization": f"Token {server.token('listener')}"}

    def separate(self, song: Path, preset: str) -> dict[str, Any]:
        """The finished job, with ``playable_s`` and ``total_s`` from the first byte that is sent
        on."""
        started = time.perf_counter()
        fields = {"preset": preset, "format": "flac24"}
        job = self._ask("/api/v1/jobs", *_form(fields, song))
        playable_s: float | None = None
        while job["status"] not in ("completed", "failed", "cancelled"):
            time.sleep(POLL_S)
            job = self._ask(f"/api/v1/jobs/{job['job_id']}")
            if playable_s is None and job["playable"]:
                playable_s = time.perf_counter() - started
        if job["status"] != "completed" or playable_s is None:
            raise RuntimeError(f"the job {job['status']}: {job.get('error')}")
        return {**job, "playable_s": playable_s, "total_s": time.perf_counter() - started}

    def manifest(self, job: dict[str, Any]) -> dict[str, Any]:
        return self._ask(f"/api/v1/jobs/{job['job_id']}/manifest")

    def _ask(self, path: str, body: bytes | None = None, kind: str = "") -> Any:
        headers = {**self._headers, **({"Content-Type": kind} if kind else {})}
        request = urllib.request.Request(self._address + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _form(fields: dict[str, str], song: Path) -> tuple[bytes, str]:
    border = uuid.uuid4().hex
    head = "".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += (
        f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{song.name}"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    body = head.encode() + song.read_bytes() + f"\r\n--{border}--\r\n".encode()
    return body, f"multipart/form-data; boundary={border}"


def figures_of(jobs: list[dict[str, Any]], song_s: float) -> dict[str, Any]:
    """``playable_s``: to the first stems that can be heard; ``total_s``: to the last file;
    ``times_real_time``: of the whole."""
    total = statistics.median(job["total_s"] for job in jobs)
    stages: dict[str, list[float]] = {}
    for job in jobs:
        for stage in job["stages"]:
            stages.setdefault(stage["name"], []).append(stage["duration_s"])
    return {
        "playable_s": round(statistics.median(job["playable_s"] for job in jobs), 2),
        "total_s": round(total, 2),
        "times_real_time": round(song_s / total, 1),
        "stages_s": {name: common.median(times) for name, times in stages.items()},
    }


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    # Each a little longer, as the site knows a song that it has seen.
    songs = [common.song_of(options.seconds + place / 2) for place in range(options.repeats + 1)]
    models = os.environ.get("STEMSITE_MODEL_DIR", str(common.ROOT / "data" / "models"))
    cores = str(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(dir=common.OUT) as folder:
        server = WebServer(Path(folder), STEMSITE_MODEL_DIR=models, OMP_NUM_THREADS=cores)
        server.start(worker=True)
        try:
            portal = Portal(server)
            time.sleep(IDLE_S)
            first, *later = [portal.separate(song, "stems") for song in songs]
            previews = [portal.separate(song, "preview") for song in songs]
            separation = portal.manifest(first)["separation"]
        finally:
            server.stop()
    common.emit(
        "portal",
        {
            "song_s": options.seconds,
            "repeats": options.repeats,
            "model": separation["model"],
            "networks": separation["weights_digest"][:12],
            "first_job": figures_of([first], options.seconds),
            "later_jobs": figures_of(later, options.seconds),
            "previews": figures_of(previews[1:], options.seconds),
        },
    )


if __name__ == "__main__":
    main()
