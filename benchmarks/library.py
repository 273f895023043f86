"""The library of one account with many songs: p95 of its pages, their queries, and what scans.

``python benchmarks/library.py [--songs 10000] [--requests 40]``. SQLite, the site's own views in
one process, without a server or network: what is measured is what a page costs the site. A tenth
of the songs belong to batches of five, a tenth have a tag, 200 are in a set list, and each has a
manifest of the usual size. ``cpu_p95_ms`` counts processor time, which other programs on the
machine lengthen less. ``scans``: steps of the query plans that read a whole table.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common
from tests.ready_site import lay_out

if TYPE_CHECKING:
    from django.test import Client

WORDS = ("night", "train", "paper", "lantern", "bridge", "harbour", "winter", "river", "glass")
MANIFEST = {
    "version": "2.0",
    "separation": {"separator": "standard", "model": "standard"},
    "stages": [{"name": f"stage {n}", "details": {"figures": [0.5] * 60}} for n in range(12)],
}


@contextmanager
def site() -> Iterator[None]:
    """An empty site in this process."""
    with tempfile.TemporaryDirectory(dir=common.OUT) as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="stemsite.settings",
            STEMSITE_DATA_DIR=f"{folder}/site",
            STEMSITE_SECRET_KEY="of a benchmark, which nobody can reach",
            STEMSITE_ALLOWED_HOSTS="testserver",
            STEMSITE_FRONT_DEMO="0",
            STEMSITE_OFFLINE="1",
        )
        lay_out(Path(folder) / "site")
        import django

        django.setup()
        yield


def fill(songs: int) -> dict[str, str]:
    """One account with so many songs; returns ids that addresses need."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from jobs.models import Batch, Job, SetList, SetListSong, Source, Tag

    chance = random.Random(7)
    owner = get_user_model().objects.create(username="collector")
    sources, jobs = [], []
    for n in range(songs):
        title = f"{' '.join(chance.choices(WORDS, k=2))} {n}"
        sources.append(
            Source(
                owner=owner, original_name=f"{title}.wav", song_title=title,
                artist=f"{chance.choice(WORDS)} band", sha256=f"{n:064x}", size_bytes=1,
                container="wav", codec="pcm_s16le", sample_rate_hz=44_100, channels=2,
                duration_s=chance.uniform(60.0, 400.0),
            )
        )  # fmt: skip
    batches = [Batch(owner=owner, name=f"Rehearsal {n}") for n in range(songs // 50)]
    Batch.objects.bulk_create(batches)
    Source.objects.bulk_create(sources, batch_size=500)
    for n, source in enumerate(sources):
        jobs.append(
            Job(
                owner=owner, source=source, status="failed" if n % 50 == 7 else "completed",
                separator=("standard", "spectral", "demucs")[n % 3], request={}, pipeline=[],
                manifest=MANIFEST, progress_percent=100.0, is_favourite=n % 20 == 0,
                batch=batches[n // 5] if n // 5 < len(batches) else None,
            )
        )  # fmt: skip
    Job.objects.bulk_create(jobs, batch_size=500)
    now = timezone.now()
    for job in jobs:
        job.created_at = now - timedelta(minutes=7 * chance.randrange(songs))
    Job.objects.bulk_update(jobs, ["created_at"], batch_size=500)
    tags = [Tag.objects.create(owner=owner, name=word) for word in WORDS]
    for n, tag in enumerate(tags):
        tag.jobs.add(*jobs[n * songs // 90 : (n + 1) * songs // 90])
    set_list = SetList.objects.create(owner=owner, name="Friday")
    SetListSong.objects.bulk_create(
        SetListSong(set_list=set_list, job=job, place=n) for n, job in enumerate(jobs[-200:])
    )
    return {"set_list": str(set_list.pk), "batch": str(batches[0].pk)}


def addresses(ids: dict[str, str], songs: int) -> dict[str, str]:
    return {
        "first_page": "/jobs/",
        "page_20": "/jobs/?page=20",
        "last_page": f"/jobs/?page={songs}",
        "search": "/jobs/?search=lantern",
        "search_nothing": "/jobs/?search=zzz",
        "tag": "/jobs/?tag=night",
        "status": "/jobs/?status=failed",
        "separator": "/jobs/?separator=spectral",
        "favourites": "/jobs/?favourite=on",
        "set_list": f"/jobs/?set_list={ids['set_list']}",
        "batch": f"/jobs/?batch={ids['batch']}",
        "by_title": "/jobs/?sort=title",
        "longest": "/jobs/?sort=longest",
    }


def measure(client: "Client", address: str, requests: int) -> dict[str, Any]:
    from django.db import connection

    statements: list[tuple[str, Any]] = []

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        assert client.get(address).status_code == 200, address
    times, cpu_times = [], []
    for _ in range(requests):
        started, cpu_started = time.perf_counter(), time.process_time()
        client.get(address)
        times.append(1000 * (time.perf_counter() - started))
        cpu_times.append(1000 * (time.process_time() - cpu_started))
    return {
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "cpu_p95_ms": round(statistics.quantiles(cpu_times, n=20)[-1], 1),
        "median_ms": round(statistics.median(times), 1),
        "queries": len(statements),
        "scans": scans(statements),
    }


def scans(statements: list[tuple[str, Any]]) -> list[str]:
    """Steps of the plans that read a table without an index; the text is SQLite's."""
    from django.db import connection

    found = []
    for statement, params in statements:
        if statement.startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", params)
                plan = [str(row[3]) for row in cursor.fetchall()]
            found += [step for step in plan if step.startswith("SCAN") and "USING" not in step]
    return found


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=40)
    options = parser.parse_args()
    common.OUT.mkdir(parents=True, exist_ok=True)
    with site():
        from django.contrib.auth import get_user_model
        from django.test import Client

        ids = fill(options.songs)
        client = Client()
        client.force_login(get_user_model().objects.get())
        pages = {
            name: measure(client, address, options.requests)
            for name, address in addresses(ids, options.songs).items()
        }
    common.emit("library", {"songs": options.songs, "requests": options.requests, **pages})


if __name__ == "__main__":
    main()
