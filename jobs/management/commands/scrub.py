"""``manage.py scrub``: compares delivered files with their digests."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs.services.storage.integrity import scrub


class Command(BaseCommand):
    help = (
        "Compare delivered files with their stored digests; the exit code is 1 if one is damaged. "
        "A worker checks each file every STEMSITE_SCRUB_DAYS by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="also files that were checked recently"
        )
        parser.add_argument(
            "--seconds", type=float, help="start no further job after so many seconds"
        )
        parser.add_argument(
            "--quietly",
            action="store_true",
            help="with the lowest priority; the exit code is 0 also if a file is damaged",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["quietly"]:
            os.nice(19)
        done = scrub(everything=options["all"], seconds=options["seconds"])
        for each in done.damaged:
            self.stdout.write(f"damaged: {each}")
        for each in done.manifests:
            self.stdout.write(f"manifest written anew: {each}")
        left = f", {done.jobs_left} job(s) left" if done.jobs_left else ""
        self.stdout.write(f"{done.files} file(s) checked, {len(done.damaged)} damaged{left}")
        if done.damaged and not options["quietly"]:
            sys.exit(1)
