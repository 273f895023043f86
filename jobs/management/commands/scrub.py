"""``manage.py scrub``: compares delivered files with their digests."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs.services.storage.integrity import scrub


class Command(BaseCommand):
    help = (
        "Compare delivered files with the digests of their rows; 1 when one is damaged. A worker "
        "does so by itself, for each file every STEMSITE_SCRUB_DAYS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="also what was checked lately")
        parser.add_argument(
            "--seconds", type=float, help="begin with no further job after so many seconds"
        )
        parser.add_argument(
            "--quietly",
            action="store_true",
            help="with the least claim to the processor; end with 0 also when one is damaged",
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
