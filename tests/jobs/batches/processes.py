"""Processes of a site of their own that end songs and send mail, to be killed and to race:
``python -m tests.jobs.batches.processes STEP``. The last line that each prints is JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.ready_site import lay_out, migrate_if_empty

ROOT = Path(__file__).resolve().parents[3]


class Site:
    def __init__(self, data_dir: Path, *, mail_port: int, database_url: str = "") -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if "STEMSITE" not in name},
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
            "STEMSITE_DATABASE_URL": database_url,
            "STEMSITE_EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "STEMSITE_BATCH_QUIET_S": "0",
            "STEMSITE_FRONT_DEMO": "0",
            "STEMSITE_LOG_LEVEL": "WARNING",
        }
        if not database_url:
            lay_out(data_dir)

    def start(self, step: str, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.batches.processes", step, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start_worker(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "manage.py", "stemworker"]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)

    def run(self, step: str, *arguments: str) -> Any:
        return told(self.start(step, *arguments))


def told(process: "subprocess.Popen[str]") -> Any:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return json.loads(output.splitlines()[-1])


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def set_up(*statuses: str) -> None:
    """A batch with a song for each of ``statuses``, of an owner who is to be told."""
    from tests.factories import make_user
    from tests.jobs.batches.world import confirm_address, make_batch

    migrate_if_empty()
    owner = confirm_address(make_user("owner"))
    batch = make_batch(*statuses, owner=owner, notify_by_email=True)
    say([str(job.pk) for job in batch.jobs.all()])


def end(job_id: str) -> None:
    """What a worker and the housekeeping beside it do, once all of them are ready."""
    from jobs.models import Job
    from jobs.queue.lease import Lease
    from jobs.services.batches.notices import send_due_notices
    from jobs.worker import outcome
    from separation.errors import CorruptAudio

    job = Job.objects.get(pk=job_id)
    say("ready")
    sys.stdin.readline()
    outcome.fail(Lease(job), CorruptAudio("It is damaged."))
    say(send_due_notices())


def aftermath() -> None:
    """Mails that are sent from now on: at once, when a mail that somebody had in hand may be taken
    up again, and once more; then how the batch is left."""
    from datetime import timedelta

    from django.db.models import F

    from jobs.models import Batch
    from jobs.services.batches.notices import CLAIM_S, send_due_notices

    sent = [send_due_notices()]
    earlier = F("notice_not_before") - timedelta(seconds=CLAIM_S)
    Batch.objects.exclude(notice_not_before=None).update(notice_not_before=earlier)
    sent += [send_due_notices() for _ in range(2)]
    batch = Batch.objects.get()
    say({"sent": sent, "told": batch.notified_at is not None, "tries": batch.notice_tries})


if __name__ == "__main__":
    import django

    django.setup()
    steps = (set_up, end, aftermath)
    {step.__name__: step for step in steps}[sys.argv[1]](*sys.argv[2:])
