"""``manage.py fetch_models NAME...``: downloads weights before the first job needs them."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from jobs.management.progress_bar import ProgressBar
from jobs.services.site_models.available import is_there, known_models, licence_rule
from separation.catalogue import find_model
from separation.errors import (
    Internal,
    InvalidOptions,
    ModelUnavailable,
    SeparationError,
    error_from_code,
)

EXIT_FAILED = 2
TIMEOUT_S = 30.0
"""Longer than STEMSITE_HUB_TIMEOUT_S, for which a job waits: here a person watches the command,
and no other model can take the place of this one."""


class Command(BaseCommand):
    help = "Download the weights of models into STEMSITE_MODEL_DIR and prove that they load."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        names = ", ".join(fetchable())
        parser.add_argument("names", metavar="NAME", nargs="+", help=f"one of {names}")
        parser.add_argument(
            "--timeout",
            type=positive,
            default=TIMEOUT_S,
            metavar="SECONDS",
            help="give up after so many seconds without a byte; default: %(default)g",
        )
        parser.add_argument(
            "--if-missing",
            action="store_true",
            help="for set-up scripts: skip models that are here; if one cannot be fetched, "
            "only print a warning",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for name in options["names"]:
                if name not in fetchable():
                    known = ", ".join(fetchable())
                    raise InvalidOptions(
                        f"there is no model {name!r} to fetch; choose one of {known}."
                    )
                separator = str(find_model(name, known_models()).separator)
                if options["if_missing"]:
                    self._fetch_if_missing(separator, name, options["timeout"])
                    continue
                licence_rule().check_choice(separator, name)
                for file in fetch(name, settings.MODEL_DIR, options["timeout"]):
                    self.stdout.write(file)
        except SeparationError as error:
            self.stderr.write(f"{error.code}: {error.detail}", self.style.ERROR)
            sys.exit(EXIT_FAILED)

    def _fetch_if_missing(self, separator: str, name: str, timeout_s: float) -> None:
        if is_there(separator, name):
            return
        try:
            licence_rule().check_choice(separator, name)
            if settings.OFFLINE:
                raise ModelUnavailable("STEMSITE_OFFLINE is set.")
            fetch(name, settings.MODEL_DIR, timeout_s)
        except SeparationError as error:
            self.stderr.write(
                f"The model {name} is not here: {error.detail} Everything works without it, less "
                f"well; python manage.py fetch_models {name} tries again.",
                self.style.WARNING,
            )
        else:
            self.stdout.write(f"The model {name} is here now.")


def fetchable() -> list[str]:
    return [model.name for model in known_models() if model.is_fetched]


def positive(text: str) -> float:
    seconds = float(text)
    if not 0.0 < seconds < math.inf:
        raise ValueError(text)
    return seconds


def fetch(name: str, directory: Path, timeout_s: float) -> list[str]:
    """Run the core's download process and show its progress; returns the files that it wrote."""
    command = [sys.executable, "-m", "separation.fetch", name, str(directory)]
    command += ["--timeout", str(timeout_s), "--limit", str(settings.FETCH_LIMIT_S)]
    bar = ProgressBar(sys.stderr)
    bar.show(0.0, f"{name}: connecting")
    try:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, cwd=settings.BASE_DIR, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if "fraction" in event:
                    bar.show(100 * event["fraction"], f"{name}: {event['message']}")
                elif "code" in event:
                    raise error_from_code(event["code"], event["detail"])
                else:
                    return list(event["files"])
    finally:
        bar.end()
    raise Internal("the download process ended without a word; its log is above.")
