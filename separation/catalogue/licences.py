"""The operator's rule on licences: which models a site offers and runs.

The rule is a list of words. A model may be used where the list holds ``all``, the state of the
model's licence (:data:`separation.catalogue.model.LicenceState`), or the model's name. What the
catalogue has no row for, a plug-in or a remote service, counts as ``not_stated`` under the name of
its separator.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import get_args

from separation.catalogue import CATALOGUE, models_for
from separation.catalogue.model import STATES, LicenceState, ModelInfo
from separation.ensemble import ENSEMBLE, ENSEMBLES
from separation.errors import LicenceRefused
from separation.settings import ANY_LICENCE

EVERYTHING = "all"
SETTING = "STEMSITE_MODEL_LICENCES"
UNKNOWN: LicenceState = "not_stated"
CHOOSES_ITSELF = "auto"
REMOTE = "remote"
AUTO_ORDER = ("demucs", "standard", "spectral")
"""Whose models ``auto`` tries, the best first."""


@dataclass(frozen=True)
class LicenceRule:
    """``rows``: the models there are, as a site may have some of its own."""

    words: tuple[str, ...] = ANY_LICENCE
    rows: tuple[ModelInfo, ...] = CATALOGUE

    def allows(self, model: ModelInfo) -> bool:
        return self._allows(model.licence.state, model.name)

    def allowed(self, models: Iterable[ModelInfo]) -> tuple[ModelInfo, ...]:
        return tuple(model for model in models if self.allows(model))

    def allows_choice(self, separator: str, model: str | None = None) -> bool:
        """Whether a separator may run, with its usual model where none is named."""
        return not self._refusal(separator, model)

    def check_choice(self, separator: str, model: str | None = None) -> None:
        """Raises ``LicenceRefused`` for what :meth:`allows_choice` does not allow."""
        if refusal := self._refusal(separator, model):
            raise LicenceRefused(refusal)

    def automatic(self, stems: Collection[str] = ()) -> tuple[ModelInfo, ...]:
        """What ``auto`` tries, in order: of each separator the first model that may be used and
        gives ``stems``; none of the operator's own, which run for those who name them. All give
        the same stems as the first, so that they can be told before one is chosen. Empty where
        there is none."""
        found: list[ModelInfo] = []
        for separator in AUTO_ORDER:
            rows = self.allowed(models_for(separator, self.rows))
            known = (row for row in rows if row.source.kind != "folder")
            fitting = [row for row in known if set(stems) <= set(row.stems)]
            if fitting and (not found or set(fitting[0].stems) == set(found[0].stems)):
                found.append(fitting[0])
        return tuple(found)

    def unknown_words(self, separators: Iterable[str] = ()) -> list[str]:
        """Those that are no state and name no model, nor any of ``separators``."""
        names = {row.name for row in self.rows}
        known = {EVERYTHING, *get_args(LicenceState), *names, *separators}
        return [word for word in self.words if word not in known]

    def _allows(self, state: LicenceState, name: str) -> bool:
        return not {EVERYTHING, state, name}.isdisjoint(self.words)

    def _refusal(self, separator: str, model: str | None) -> str:
        if separator == ENSEMBLE:
            return self._refusal_of_members(model)
        row = self._row(separator, model)
        if row is not None:
            return "" if self.allows(row) else self._sentence(row.name, row.licence.words)
        if separator == CHOOSES_ITSELF and model is None:
            return "" if self.automatic() else self._sentence(separator, "nothing that it may take")
        return (
            "" if self._allows(UNKNOWN, separator) else self._sentence(separator, STATES[UNKNOWN])
        )

    def _refusal_of_members(self, name: str | None) -> str:
        """Of an ensemble without a name its members are asked for one by one."""
        known = next((each.ensemble for each in ENSEMBLES if each.name == name), None)
        refusals = (self._refusal(m.separator, m.model) for m in (known.members if known else ()))
        return next(filter(None, refusals), "")

    def _row(self, separator: str, model: str | None) -> ModelInfo | None:
        if model is None:
            return self._usual_row(separator)
        if separator == CHOOSES_ITSELF:
            return self._named_row(model)
        if separator == REMOTE:
            # It is asked for a model, `separator/model` or a separator: ours to judge by name.
            name = model.rpartition("/")[2]
            return self._named_row(name) or self._usual_row(name)
        # A plug-in does not run a model of ours because it is given the name of one.
        row = self._named_row(model)
        return row if row is not None and row.separator == separator else None

    def _usual_row(self, separator: str) -> ModelInfo | None:
        return next((row for row in self.rows if row.separator == separator), None)

    def _named_row(self, name: str) -> ModelInfo | None:
        return next((row for row in self.rows if row.name == name), None)

    def _sentence(self, name: str, licence: str) -> str:
        offered = ", ".join(row.name for row in self.allowed(self.rows))
        return (
            f"The model {name!r} is not offered here: {licence}, and this site's rule on licences "
            f"({SETTING}) does not include it. Offered: {offered or 'none'}."
        )
