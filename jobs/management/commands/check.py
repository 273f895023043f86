"""Django's ``check`` command, which also reports the sandbox of the decoders."""

from typing import Any

from django.core.management.commands.check import Command as DjangoCheck

from separation.sandbox.sandbox_probe import sandbox_state


class Command(DjangoCheck):
    def handle(self, *app_labels: Any, **options: Any) -> None:
        super().handle(*app_labels, **options)
        if not options["list_tags"]:
            self.stdout.write(f"Uploads are decoded behind: {sandbox_state().words}.")
