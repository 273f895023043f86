"""``manage.py verify``: compares the files of jobs and manifests with their digests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.management.verified_manifest import Verified, verified_manifest
from jobs.models import Job
from jobs.services.verification import verifiable, verify_job, verify_waiting

EXIT_DAMAGED = 1
EXIT_UNKNOWN = 2


class Command(BaseCommand):
    help = (
        "Compare every delivered file and the manifest with their digests. The exit code is 0 only "
        "if everything holds, 1 if something is damaged, 2 if something cannot be verified."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "targets",
            metavar="MANIFEST|JOB",
            nargs="*",
            help="a manifest, a folder that has one, or the id of a job of this site",
        )
        parser.add_argument("--all", action="store_true", help="every job of this site with files")
        parser.add_argument(
            "--waiting",
            action="store_true",
            help="what people requested; with the lowest priority, and the exit code is 0",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["waiting"]:
            os.nice(19)
            verify_waiting()
            return
        if not options["targets"] and not options["all"]:
            raise CommandError("Name manifests or jobs to verify, or use --all.")
        found = [self._told(each) for each in _verified(options["targets"], options["all"])]
        damaged = sum(bool(each.problems) for each in found)
        unknown = sum(bool(each.refusal) for each in found)
        self.stdout.write(f"{len(found)} verified, {damaged} damaged, {unknown} cannot be verified")
        if damaged or unknown:
            sys.exit(EXIT_DAMAGED if damaged else EXIT_UNKNOWN)

    def _told(self, each: Verified) -> Verified:
        if each.refusal:
            self.stderr.write(f"{each.name}: cannot be verified: {each.refusal}")
        for problem in each.problems:
            self.stdout.write(f"{each.name}: {problem}")
        if not each.refusal and not each.problems:
            self.stdout.write(f"{each.name}: {each.files} file(s) hold{each.note}")
        return each


def _verified(targets: list[str], everything: bool) -> Iterator[Verified]:
    for target in targets:
        key = _job_id(target)
        yield _of_job(key) if key is not None else verified_manifest(Path(target))
    if everything:
        for key in list(verifiable().order_by("created_at").values_list("pk", flat=True)):
            each = _of_job(key)
            # A job that was deleted meanwhile has no files to hold.
            if not each.refusal:
                yield each


def _job_id(target: str) -> UUID | None:
    """None for a path, also for one whose name is an id: such a folder is that of a job."""
    if Path(target).exists():
        return None
    try:
        return UUID(target)
    except ValueError:
        return None


def _of_job(key: UUID) -> Verified:
    name = str(key)
    job = Job.objects.filter(pk=key).first()
    if job is None:
        return Verified(name, refusal="this site has no such job.")
    if job.audio_deleted_at is not None:
        return Verified(name, refusal=f"its audio was deleted on {job.audio_deleted_at:%Y-%m-%d}.")
    if not verifiable().filter(pk=key).exists():
        return Verified(name, refusal=f"it is {job.status}, and only a completed job has files.")
    result = verify_job(job=job)
    if result is None:
        return Verified(name, refusal="it was deleted meanwhile.")
    return Verified(name, files=result.files, problems=tuple(result.problems))
