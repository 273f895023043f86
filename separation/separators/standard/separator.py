"""The separator ``standard``: four stems with Spleeter and the band-split network."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from separation.base import SeparatorIdentity, SeparatorOptions, Unavailable, Validation
from separation.catalogue import find_model
from separation.catalogue.licences import SETTING, LicenceRule
from separation.errors import DiskFull, InvalidOptions, ModelUnavailable
from separation.progress import Report, ignore_progress
from separation.protocol.remarks import not_available, remark
from separation.separators.bandsplit import weights as bandsplit
from separation.separators.bandsplit.layout import STEMS
from separation.separators.neural.masking import MaskSeparator
from separation.separators.spleeter.source import MODEL as SPLEETER
from separation.separators.spleeter.weights import (
    fetch_at_first_use,
    find_spleeter,
    load_network,
    may_be_fetched,
)
from separation.separators.weights.store import WeightFiles

if TYPE_CHECKING:
    from separation.separators.standard.network import StandardMasks

MODEL = "standard"


class StandardSeparator(MaskSeparator):
    """Separates four stems with two networks, or with the small one alone where Spleeter's weights
    are not available; the identity then says so, and each :meth:`load` looks for them again."""

    name = "standard"
    version = "3"

    def __init__(self, options: SeparatorOptions) -> None:
        super().__init__(options)
        if options.model not in (None, MODEL):
            raise InvalidOptions(f"{self.name} has no model {options.model!r}; it has: {MODEL}.")
        self._fallback_note = ""
        """Why Spleeter's weights are not used."""
        self._unavailable: tuple[Unavailable, ...] = ()

    def validate(self) -> Validation:
        if missing := self.missing_packages():
            return Validation(False, missing)
        try:
            bandsplit.digest(bandsplit.EMBEDDED)
        except ModelUnavailable as error:
            return Validation(False, error.detail)
        if refusal := self._refusal():
            return Validation(True, refusal)
        if find_spleeter(self.options):
            return Validation(True, f"The weights of {SPLEETER} are on this machine.")
        return Validation(
            True,
            f"The weights of {SPLEETER} are not on this machine. Without them the vocals are "
            f"worse; fetch them: python manage.py fetch_models {SPLEETER}",
        )

    def stems_before_loading(self) -> tuple[str, ...]:
        return STEMS

    def load(self, *, report: Report = ignore_progress) -> None:
        if (
            self._fallback_note
            and not self._refusal()
            and (find_spleeter(self.options) or may_be_fetched(self.options))
        ):
            self.close()
        super().load(report=report)

    def locate(self, report: Report) -> WeightFiles:
        bandsplit.check_digest(bandsplit.EMBEDDED)
        spleeter = self._find_or_fetch(report)
        files = (bandsplit.EMBEDDED, *([spleeter] if spleeter else []))
        return WeightFiles(MODEL, files)

    def load_masks(self, weights: WeightFiles) -> "StandardMasks":
        from separation.separators.standard.network import StandardMasks

        own, *others = weights.files
        spleeter = load_network(others[0]) if others else None
        return StandardMasks(bandsplit.load(own), spleeter)

    def remarks(self) -> tuple[str, ...]:
        return (self._fallback_note,) if self._fallback_note else ()

    def identity(self) -> SeparatorIdentity:
        identity = super().identity()
        return replace(identity, unavailable=self._unavailable)

    def _refusal(self) -> str:
        """Why the operator's rule on licences excludes Spleeter's weights; empty where it allows
        them."""
        if LicenceRule(self.options.licences).allows(find_model(SPLEETER)):
            return ""
        return (
            "Separated by stemsite's small network alone, as this site's rule on licences "
            f"({SETTING}) does not include {SPLEETER}."
        )

    def _find_or_fetch(self, report: Report) -> Path | None:
        self._fallback_note, self._unavailable = self._refusal(), ()
        if self._fallback_note:
            return None
        if path := find_spleeter(self.options):
            return path
        try:
            return fetch_at_first_use(self.options, report)
        except (ModelUnavailable, DiskFull) as error:
            missing = not_available([find_model(SPLEETER).label])
            line = f"Separated by stemsite's small network alone, {missing}"
            self._fallback_note = remark(line, error.detail)
            self._unavailable = (Unavailable(SPLEETER, error.detail),)
            self._log.warning(self._fallback_note)
            return None
