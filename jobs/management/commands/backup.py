"""``manage.py backup``: saves the whole site in one folder while the site runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.services.backup.layout import BackupFailed
from jobs.services.backup.making import Backup, make_backup
from jobs.services.backup.schedule import is_backup_due

SHOWN = 5


class Command(BaseCommand):
    help = (
        "Save the database, the songs and the results as a new folder in DIR, while the site "
        "works. Models and the secret key are not part of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "dir",
            metavar="DIR",
            nargs="?",
            type=Path,
            default=settings.BACKUP_DIR,
            help="folder for backups, best on another disk (default: STEMSITE_BACKUP_DIR)",
        )
        parser.add_argument(
            "--with-secret-key",
            action="store_true",
            help="save the signing key too: whoever has the backup can then sign in as anybody",
        )
        parser.add_argument(
            "--copy",
            action="store_true",
            help="copy every file, also where a hard link on the same disk would do",
        )
        parser.add_argument(
            "--keep", type=int, default=0, metavar="N", help="keep only the newest N backups in DIR"
        )

        parser.add_argument(
            "--if-due",
            action="store_true",
            help="do nothing while the newest is younger than STEMSITE_BACKUP_HOURS",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dir"] is None:
            raise CommandError("Name the folder for backups, or set STEMSITE_BACKUP_DIR.")
        if options["keep"] < 0:
            raise CommandError("--keep must be 0 or more.")
        if options["if_due"] and not is_backup_due():
            return
        started = datetime.now(UTC)
        try:
            made = make_backup(
                options["dir"],
                with_secret_key=options["with_secret_key"],
                link=not options["copy"],
                keep=options["keep"],
            )
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self._report(made, datetime.now(UTC) - started)

    def _report(self, made: Backup, took: timedelta) -> None:
        self.stdout.write(
            f"{made.folder}: {made.jobs} job(s), {made.songs} song(s), {made.files} file(s) in "
            f"{took.total_seconds():.1f} s"
        )
        if made.missing:
            shown = ", ".join(made.missing[:SHOWN])
            self.stderr.write(
                f"{len(made.missing)} file(s) are missing on this site, and so in the backup: "
                f"{shown}"
            )
