"""``manage.py stemworker``: works on jobs until it is told to stop."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from jobs.queue.health import queue_health


class Command(BaseCommand):
    help = "Run the worker; SIGTERM or Ctrl-C gives running jobs back to the queue and ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say whether workers are there and jobs move"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if check:
            self._check()
            return
        from jobs.queue.cluster import run_cluster

        sys.exit(run_cluster())

    def _check(self) -> None:
        try:
            health = queue_health()
        except DatabaseError as error:
            raise CommandError(
                "The database cannot be read. It is made by `manage.py serve` or `manage.py "
                f"migrate`, which must have run once: {error}"
            ) from error
        self.stdout.write(health.sentence())
        if not health.ok:
            sys.exit(1)
