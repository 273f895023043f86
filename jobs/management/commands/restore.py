"""``manage.py restore``: restores a backup into an empty site."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.services.backup.layout import BackupFailed
from jobs.services.backup.restoring import restore


class Command(BaseCommand):
    help = "Restore a backup of `manage.py backup` into an empty site."
    requires_system_checks = ()  # the checks need a site, which is not there yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", metavar="BACKUP", type=Path, help="folder of one backup")
        parser.add_argument(
            "--copy",
            action="store_true",
            help="copy every file, also where a hard link on the same disk would do",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = restore(options["backup"], link=not options["copy"])
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        about = done.about
        self.stdout.write(
            f"{about.jobs} job(s), {about.songs} song(s) and {done.files} file(s) are as they were "
            f"at {about.made_at}. Start the site as usual."
        )
        if not done.with_secret_key:
            self.stdout.write("The backup has no secret key: everybody signs in anew.")
