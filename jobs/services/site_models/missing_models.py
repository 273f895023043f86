"""Models that were not available for recent songs. Workers record them, pages show them."""

import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from jobs.models import MissingModel
from jobs.services.site_models.available import is_there, known_models
from separation.catalogue import ModelInfo
from separation.stage_table import SEPARATION

SHOWN_FOR = timedelta(days=7)
"""How long a row counts. Hosts disappear, containers with each restart, and nothing else deletes
their rows."""

_log = logging.getLogger("jobs.missing_models")


def note_missing(manifest: Mapping[str, Any], *, host: str) -> None:
    """Record which models were missing and which one ran, from the manifest of a completed job.

    Errors of the database are logged and not raised, as the job has already ended.
    """
    record = next((each for each in manifest.get("stages", ()) if each["name"] == SEPARATION), None)
    if record is None or record.get("reused"):
        return
    details: Mapping[str, Any] = record.get("details") or {}
    if str(details.get("device", "")).startswith("remote"):
        return  # The entries are about another machine.
    try:
        _note(details, host[:128])
    except DatabaseError:
        _log.warning("missing models are not noted", exc_info=True)


def _note(details: Mapping[str, Any], host: str) -> None:
    now, ran = timezone.now(), str(details.get("model", ""))[:128]
    MissingModel.objects.filter(seen_at__lt=now - SHOWN_FOR).delete()
    MissingModel.objects.filter(host=host, model_name=ran).delete()
    for each in details.get("unavailable") or ():
        values = {"used": ran, "reason": each["reason"], "seen_at": now}
        MissingModel.objects.update_or_create(
            host=host, model_name=each["model"][:128], defaults=values
        )


@dataclass(frozen=True)
class MissingModelStatus:
    """A row, with what the operator can do about it."""

    row: MissingModel
    model: ModelInfo | None

    @property
    def label(self) -> str:
        return self.model.label if self.model else self.row.model_name

    @property
    def used_label(self) -> str:
        labels = {model.name: model.label for model in known_models()}
        return labels.get(self.row.used, self.row.used)

    @property
    def command(self) -> str:
        """The command that fetches the model; empty where this program cannot fetch it."""
        fetched = self.model is not None and self.model.is_fetched
        return f"python manage.py fetch_models {self.row.model_name}" if fetched else ""

    @property
    def address(self) -> str:
        return self.model.source_url if self.model else ""

    @property
    def is_offline(self) -> bool:
        return bool(settings.OFFLINE)


def missing_models() -> list[MissingModelStatus]:
    """The missing models, with one query. Rows of this machine whose model is now installed are
    left out."""
    by_name = {model.name: model for model in known_models()}
    since = timezone.now() - SHOWN_FOR
    rows = MissingModel.objects.filter(seen_at__gte=since)
    statuses = (MissingModelStatus(row, by_name.get(row.model_name)) for row in rows)
    return [each for each in statuses if not _is_here_now(each)]


def missing_names() -> frozenset[str]:
    """The names of missing models in the rows. The caller checks what is installed."""
    since = timezone.now() - SHOWN_FOR
    return frozenset(
        MissingModel.objects.filter(seen_at__gte=since).values_list("model_name", flat=True)
    )


def _is_here_now(status: MissingModelStatus) -> bool:
    if status.model is None or status.row.host != socket.gethostname():
        return False
    return is_there(str(status.model.separator), status.model.name)
