"""Writes the catalogues of translations: ``manage.py messages``, or ``make messages``."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from stemsite.catalogues.files import DOMAINS, update, write


class Command(BaseCommand):
    help = "Collect the texts to translate into stemsite/locale and compile the translations."

    def handle(self, *args: Any, **options: Any) -> None:
        for language, _ in settings.LANGUAGES:
            if language == "en":
                continue
            for domain in DOMAINS:
                catalog = update(settings.BASE_DIR, language, domain)
                write(settings.BASE_DIR, language, domain, catalog)
                missing = sum(not _is_complete(each.string) for each in catalog if each.id)
                self.stdout.write(f"{language} {domain}: {len(catalog)} texts, {missing} missing")


def _is_complete(translation: Any) -> bool:
    return bool(translation) and all(translation)
