"""``manage.py send_notices``: sends the due e-mails about finished batches; the worker runs it."""

from typing import Any

from django.core.management.base import BaseCommand

from jobs.services.batches.notices import send_due_notices
from jobs.services.email import mail_is_set_up


class Command(BaseCommand):
    help = "Send the e-mails that are due about batches whose songs have ended."

    def handle(self, *args: Any, **options: Any) -> None:
        if not mail_is_set_up():
            self.stdout.write("This site has no mail server: set STEMSITE_EMAIL_URL.")
            return
        self.stdout.write(f"{send_due_notices()} sent")
