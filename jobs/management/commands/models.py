"""``manage.py models``: what can separate here, and what cannot and why."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand

from jobs.core import core_settings
from separation.catalogue import CATALOGUE
from separation.registry import SeparatorFactory


@dataclass(frozen=True)
class Row:
    separator: str
    model: str
    stems: tuple[str, ...]
    licence: str
    training_data: str
    can_run: bool
    reason: str


class Command(BaseCommand):
    help = "List separators and models: stems, licence, training data, and whether they run here."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON list instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = listed()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(row) for row in rows], indent=2))
            return
        for row in rows:
            self._show(row)

    def _show(self, row: Row) -> None:
        mark = self.style.SUCCESS("yes") if row.can_run else self.style.ERROR("no")
        title = (
            row.separator if row.model in ("", row.separator) else f"{row.separator} {row.model}"
        )
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        self.stdout.write(f"  runs here: {mark}{' - ' + row.reason if row.reason else ''}")
        for label, value in (
            ("stems", ", ".join(row.stems)),
            ("licence", row.licence),
            ("trained on", row.training_data),
        ):
            if value:
                self.stdout.write(f"  {label}: {value}")


def listed() -> list[Row]:
    """Every model of the catalogue, then separators that have none there (auto, plug-ins)."""
    core = core_settings()
    where = {"model_dir": core.model_dir, "offline": core.offline, "remote": core.remote}
    rows = []
    for info in CATALOGUE:
        verdict = SeparatorFactory.validate(info.separator, model=info.name, **where)
        rows.append(
            Row(
                info.separator,
                info.name,
                info.stems,
                info.licence,
                info.training_data,
                verdict.ok,
                verdict.reason,
            )
        )
    named = {info.separator for info in CATALOGUE}
    for name in SeparatorFactory.names():
        if name not in named:
            verdict = SeparatorFactory.validate(name, **where)
            rows.append(Row(name, "", stems_of(name, where), "", "", verdict.ok, verdict.reason))
    return rows


def stems_of(name: str, where: dict[str, Any]) -> tuple[str, ...]:
    if not SeparatorFactory.validate(name, **where):
        return ()
    return tuple(SeparatorFactory.create_separator(name, **where).get_supported_tracks())
