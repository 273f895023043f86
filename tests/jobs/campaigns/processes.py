"""Housekeeping processes over a site of their own, to be killed and to race each other.

The tests' own process is bound to the test database, so each step is a process as well:
``python -m tests.jobs.campaigns.processes STEP``, whose last line is JSON.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.ready_site import lay_out, migrate_if_empty

ROOT = Path(__file__).resolve().parents[3]
PENDING = 3


class Site:
    def __init__(self, data_dir: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if "STEMSITE" not in name},
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
            "STEMSITE_DATABASE_URL": os.environ.get("CAMPAIGN_TEST_DATABASE_URL", ""),
            "STEMSITE_BACKFILL_PENDING": str(PENDING),
            "STEMSITE_LOG_LEVEL": "WARNING",
        }
        if not self.environment["STEMSITE_DATABASE_URL"]:
            lay_out(data_dir)

    def start(self, step: str, **arguments: Any) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.jobs.campaigns.processes", step]
        return subprocess.Popen(
            [*command, json.dumps(arguments)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, step: str, **arguments: Any) -> Any:
        return told(self.start(step, **arguments))


def told(process: "subprocess.Popen[str]") -> Any:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return json.loads(output.splitlines()[-1])


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def set_up(*, songs: int) -> None:
    """Songs of one owner, every fifth of them without audio, and a campaign over them."""
    from tests.jobs.campaigns.world import make_song, start

    migrate_if_empty()
    for number in range(songs):
        song = make_song()
        if number % 5 == 0:
            song.source.path.unlink()
    say(str(start().pk))


def advance() -> None:
    """What housekeeping and worker do, as fast as it goes, until the campaign is done; a line for
    each turn. The last says how many jobs ever waited at once."""
    from jobs.models import Campaign, Job
    from jobs.models.job import JobStatus, Lane
    from jobs.services.campaigns.advance import advance_campaigns

    most = 0
    while Campaign.objects.running().exists():
        made = advance_campaigns()
        waiting = Job.objects.filter(lane=Lane.BACKFILL, status=JobStatus.PENDING)
        most = max(most, waiting.count())
        say(made)
        waiting.update(status=JobStatus.COMPLETED)
    say(most)


def report() -> None:
    from collections import Counter

    from jobs.models import Campaign, Job, Source

    campaign = Campaign.objects.get()
    jobs = Counter(Job.objects.filter(campaign=campaign).values_list("source_id", flat=True))
    with_audio = [source.pk for source in Source.objects.all() if source.path.is_file()]
    say(
        {
            "status": campaign.status,
            "counts": [campaign.total, campaign.queued, campaign.skipped],
            "twice": sum(count > 1 for count in jobs.values()),
            "left_out": sum(pk not in jobs for pk in with_audio),
            "jobs": jobs.total(),
        }
    )


if __name__ == "__main__":
    import django

    django.setup()
    steps: dict[str, Callable[..., object]] = {
        "set_up": set_up,
        "advance": advance,
        "report": report,
    }
    steps[sys.argv[1]](**json.loads(sys.argv[2]))
