"""``manage.py models``: lists separators and models, whether they run here, and their facts."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs.core_settings import core_settings
from jobs.services.site_models.available import broken_models, known_models, licence_rule
from separation.base import Validation
from separation.catalogue import ELSEWHERE, ModelInfo
from separation.catalogue.document import render
from separation.ensemble import ENSEMBLE, ENSEMBLES
from separation.registry import SeparatorFactory
from separation.separators.own_models.folders import OwnModel


@dataclass(frozen=True)
class Row:
    """``is_offered``: whether the operator's licence rule allows it; ``facts``: its data."""

    separator: str
    model: str
    stems: tuple[str, ...]
    licence_state: str
    licence: str
    training_data: str
    can_run: bool
    reason: str
    is_offered: bool
    facts: dict[str, Any]


class Command(BaseCommand):
    help = (
        "List separators and models: stems, licence, training data, figures, whether they run here "
        "and whether this site's rule on licences lets them be offered."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        forms = parser.add_mutually_exclusive_group()
        forms.add_argument("--json", action="store_true", help="one JSON list instead of text")
        forms.add_argument(
            "--document", action="store_true", help="print the page docs/models.md instead"
        )

        parser.add_argument(
            "--elsewhere",
            action="store_true",
            help="list models of other projects instead, whose files you can bring",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["document"]:
            self.stdout.write(render(), ending="")
            return
        rows = elsewhere() if options["elsewhere"] else listed()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(row) for row in rows], indent=2))
            return
        for row in rows:
            self._show(row)

    def _show(self, row: Row) -> None:
        mark = self.style.SUCCESS("yes") if row.can_run else self.style.ERROR("no")
        alone = row.model in ("", row.separator)
        title = row.separator if alone else f"{row.separator} {row.model}".strip()
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        self.stdout.write(f"  runs here: {mark}{' - ' + row.reason if row.reason else ''}")
        offered = "yes" if row.is_offered else "no, by STEMSITE_MODEL_LICENCES"
        if not row.separator:
            offered = ""
        state = f"{row.licence_state}: " if row.licence else ""
        for label, value in (
            ("offered", offered),
            ("stems", ", ".join(row.stems)),
            *(("file", words) for words in files_of(row.facts)),
            ("licence", f"{state}{row.licence}"),
            ("trained on", row.training_data),
            *(("figures", words) for words in figures_of(row.facts)),
        ):
            if value:
                self.stdout.write(f"  {label}: {value}")


def files_of(facts: dict[str, Any]) -> list[str]:
    """Name, size and digest of each file of the operator's own model."""
    if not facts or facts["source"]["kind"] != "folder":
        return []
    return [
        f"{file.name}, {(file.bytes or 0) / 1e6:.1f} MB, "
        f"SHA-256 {file.sha256 or 'told once it has run'}"
        for file in ModelInfo.model_validate(facts).files
    ]


def figures_of(facts: dict[str, Any]) -> list[str]:
    if not facts:
        return []
    return [f"{f.words} ({f.convention})" for f in ModelInfo.model_validate(facts).figures]


def listed() -> list[Row]:
    """Every model of this site, then separators without models (auto, plug-ins), then the named
    ensembles and the broken models."""
    core, rule = core_settings(), licence_rule()
    where = {
        "model_dir": core.model_dir,
        "model_paths": core.model_paths,
        "offline": core.offline,
        "remote": core.remote,
    }
    rows = [_row_of(info, where, rule.allows(info)) for info in known_models()]
    named = {info.separator for info in known_models()}
    for name in SeparatorFactory.names():
        if name not in {*named, ENSEMBLE}:
            verdict = SeparatorFactory.validate(name, licences=core.licences, **where)
            stems, offered = stems_of(name, where), rule.allows_choice(name)
            rows.append(Row(name, "", stems, "", "", "", verdict.ok, verdict.reason, offered, {}))
    ensembles = [_ensemble_row(known.name, where) for known in ENSEMBLES]
    return [*rows, *ensembles, *(_broken(model) for model in broken_models())]


def _ensemble_row(name: str, where: dict[str, Any]) -> Row:
    options = {**where, "model": name}
    verdict = SeparatorFactory.validate(ENSEMBLE, **options)
    stems, offered = stems_of(ENSEMBLE, options), licence_rule().allows_choice(ENSEMBLE, name)
    licence = ("", "that of its members", "See its members.")
    return Row(ENSEMBLE, name, stems, *licence, verdict.ok, verdict.reason, offered, {})


def _broken(model: OwnModel) -> Row:
    """A model that cannot be loaded; the reason names its place, as its name may be wrong."""
    reason = f"{model.fault} ({model.place})"
    return Row(model.separator, model.name, model.stems, "", "", "", False, reason, False, {})


def _row_of(info: ModelInfo, where: dict[str, Any], is_offered: bool) -> Row:
    verdict = SeparatorFactory.validate(str(info.separator), model=info.name, **where)
    return _row(info, verdict, is_offered)


def _row(info: ModelInfo, verdict: Validation, is_offered: bool) -> Row:
    return Row(
        info.separator or "",
        info.name,
        info.stems,
        info.licence.state,
        info.licence.says,
        info.training_data,
        verdict.ok,
        verdict.reason,
        is_offered,
        info.model_dump(mode="json"),
    )


def elsewhere() -> list[Row]:
    """Models of other projects: facts only, as this program cannot run them without their file."""
    rule = licence_rule()
    rows = []
    for info in ELSEWHERE:
        reason = f"bring its file: {info.source_url}"
        rows.append(_row(info, Validation(False, reason), rule.allows(info)))
    return rows


def stems_of(name: str, where: dict[str, Any]) -> tuple[str, ...]:
    if not SeparatorFactory.validate(name, **where):
        return ()
    return tuple(SeparatorFactory.create_separator(name, **where).get_supported_tracks())
