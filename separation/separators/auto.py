"""Chooses the best separator that runs here and that the operator's rule on licences allows."""

import logging
import time
from dataclasses import replace
from pathlib import Path

from separation.base import (
    ResumableSeparator,
    SeparatorIdentity,
    SeparatorModel,
    SeparatorOptions,
    Unavailable,
    Validation,
    separate_with,
)
from separation.catalogue.licences import AUTO_ORDER, LicenceRule
from separation.errors import ModelUnavailable
from separation.progress import Report, ignore_progress, part_of
from separation.protocol.remarks import not_available, remark
from separation.registry import SeparatorFactory
from separation.separator_options import check_options
from separation.separators.own_models.catalogue_entries import all_rows
from separation.storage.checkpoints import Checkpoints

PREFERRED = AUTO_ORDER[0]

_log = logging.getLogger("separator.auto")


class AutoSeparator(ResumableSeparator):
    """Chooses once and keeps its choice, so that :meth:`identity` names the separator that ran.

    A requested model or repository is used, or the separator fails: no other one replaces it.
    :meth:`load` reconsiders a fall-back after ``options.hub_retry_s``.
    """

    name = "auto"
    is_routed = True

    def __init__(self, options: SeparatorOptions) -> None:
        check_options(options)
        super().__init__(options)
        self._chosen: SeparatorModel | None = None
        self._note = ""
        self._unavailable: tuple[Unavailable, ...] = ()
        self._fell_back_at: float | None = None

    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: Checkpoints | None = None,
    ) -> dict[str, Path]:
        chosen = self._choice(part_of(report, 0.0, 0.0))
        return separate_with(chosen, input_path, output_dir, report, checkpoints)

    def validate(self) -> Validation:
        reasons = []
        for separator in self._candidates():
            verdict = separator.validate()
            reasons.append(verdict.reason)
            if verdict:
                return Validation(True, " ".join(filter(None, reasons)))
        return Validation(False, " ".join(filter(None, reasons)))

    def get_supported_tracks(self) -> list[str]:
        # The choice does not change the stems, because only four-stem requests can fall back.
        return (self._chosen or self._candidates()[0]).get_supported_tracks()

    @property
    def is_overlapping(self) -> bool:
        return (self._chosen or self._candidates()[0]).is_overlapping

    def identity(self) -> SeparatorIdentity:
        identity = self._choice().identity()
        return replace(
            identity,
            notes=(self._note, *identity.notes),
            unavailable=(*self._unavailable, *identity.unavailable),
        )

    def load(self, *, report: Report = ignore_progress) -> None:
        fell_back = self._fell_back_at
        if fell_back is not None and time.monotonic() - fell_back >= self.options.hub_retry_s:
            self._reset()
        self._choice(report).load(report=report)

    def close(self) -> None:
        if self._chosen is not None:
            self._chosen.close()
        self._reset()

    def _reset(self) -> None:
        self._chosen, self._note, self._fell_back_at = None, "", None
        self._unavailable = ()

    def _choice(self, report: Report = ignore_progress) -> SeparatorModel:
        if self._chosen is None:
            self._chosen = self._choose(report)
            _log.info(self._note)
        return self._chosen

    def _choose(self, report: Report) -> SeparatorModel:
        *better, last = self._candidates()
        missing = []
        for candidate in better:
            try:
                candidate.load(report=report)
            except ModelUnavailable as error:
                model = candidate.options.model or candidate.name
                missing.append(Unavailable(model, error.detail))
            else:
                return self._chosen_for(candidate, missing)
        if not better:
            last.load(report=report)
        return self._chosen_for(last, missing)

    def _chosen_for(self, chosen: SeparatorModel, missing: list[Unavailable]) -> SeparatorModel:
        """Record the choice. ``missing``: better models that were not available; :meth:`load` tries
        them again later."""
        self._unavailable = tuple(missing)
        self._note = self._note_of_fall_back(chosen) if missing else self._note_of_choice(chosen)
        self._fell_back_at = time.monotonic() if missing else None
        return chosen

    def _note_of_fall_back(self, chosen: SeparatorModel) -> str:
        labels = {row.name: row.label for row in all_rows(self.options.model_paths)}
        model = chosen.options.model or chosen.name
        missing = [labels.get(each.model, each.model) for each in self._unavailable]
        line = f"Separated with {labels.get(model, model)}, {not_available(missing)}"
        return remark(line, " ".join(each.reason for each in self._unavailable))

    def _note_of_choice(self, chosen: SeparatorModel) -> str:
        why = "its weights are here."
        if chosen.name != PREFERRED and self.options.model is None:
            why = "it is the best that this site's rule on licences leaves."
        return remark(f"Separated with {chosen.identity().model}", why)

    def first_choice(self) -> tuple[str, str | None]:
        """Name and model of the preferred separator, whether or not it is available.

        Raises ``LicenceRefused`` where the operator's rule allows no model."""
        return self._candidate_models()[0]

    def _candidate_models(self) -> list[tuple[str, str | None]]:
        """Names and models of the separators, in the order in which they are tried."""
        options = self.options
        rule = LicenceRule(options.licences, all_rows(options.model_paths))
        if options.repo is not None:
            return [(PREFERRED, options.model)]
        rule.check_choice(self.name, options.model)
        if options.model is not None:
            owners = {model.name: model.separator for model in rule.rows}
            return [(owners.get(options.model) or PREFERRED, options.model)]
        requested = {*(options.stems or ()), *filter(None, [options.two_stems])}
        # Where no model has the requested stem, the default model raises the named error.
        models = rule.automatic(requested) or rule.automatic()[:1]
        return [(str(model.separator), model.name) for model in models]

    def _candidates(self) -> list[SeparatorModel]:
        """The separators in the order in which they are tried; no model is loaded."""
        return [
            SeparatorFactory.separator_class(name)(replace(self.options, model=model))
            for name, model in self._candidate_models()
        ]
