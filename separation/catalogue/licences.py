"""The operator's rule on licences: which models a site offers and runs.

The rule is a list of words. A model is allowed if the list has ``all``, the state of the model's
licence (:data:`separation.catalogue.model.LicenceState`), or the model's name. A model without a
row in the catalogue, of a plug-in or a remote service, has the state ``not_stated`` and the name of
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
"""The separators whose models ``auto`` tries, the best first."""


@dataclass(frozen=True)
class LicenceRule:
    """``words``: the rule. ``rows``: all models, including a site's own."""

    words: tuple[str, ...] = ANY_LICENCE
    rows: tuple[ModelInfo, ...] = CATALOGUE

    def allows(self, model: ModelInfo) -> bool:
        return self._allows(model.licence.state, model.name)

    def allowed(self, models: Iterable[ModelInfo]) -> tuple[ModelInfo, ...]:
        return tuple(model for model in models if self.allows(model))

    def allows_choice(self, separator: str, model: str | None = None) -> bool:
        """Whether a separator may run with this model, or with its default model."""
        return not self._refusal(separator, model)

    def check_choice(self, separator: str, model: str | None = None) -> None:
        """Raises ``LicenceRefused`` for what :meth:`allows_choice` does not allow."""
        if refusal := self._refusal(separator, model):
            raise LicenceRefused(refusal)

    def automatic(self, stems: Collection[str] = ()) -> tuple[ModelInfo, ...]:
        """The models that ``auto`` tries, in order: of each separator the first allowed model with
        ``stems``. The operator's own models are left out; they run only by name. All have the
        stems of the first, so that the stems are known before one is chosen. May be empty."""
        models: list[ModelInfo] = []
        for separator in AUTO_ORDER:
            rows = self.allowed(models_for(separator, self.rows))
            published = (row for row in rows if row.source.kind != "folder")
            suitable = [row for row in published if set(stems) <= set(row.stems)]
            if suitable and (not models or set(suitable[0].stems) == set(models[0].stems)):
                models.append(suitable[0])
        return tuple(models)

    def unknown_words(self, separators: Iterable[str] = ()) -> list[str]:
        """The words of the rule that are no state, no name of a model and none of
        ``separators``."""
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
        """The first refusal of a member. An ensemble without a name has no members here: the caller
        checks them one by one."""
        known = next((each.ensemble for each in ENSEMBLES if each.name == name), None)
        refusals = (self._refusal(m.separator, m.model) for m in (known.members if known else ()))
        return next(filter(None, refusals), "")

    def _row(self, separator: str, model: str | None) -> ModelInfo | None:
        if model is None:
            return self._usual_row(separator)
        if separator == CHOOSES_ITSELF:
            return self._named_row(model)
        if separator == REMOTE:
            # The model of a remote service is a model, `separator/model` or a separator.
            name = model.rpartition("/")[2]
            return self._named_row(name) or self._usual_row(name)
        # A plug-in may have a model of the same name, which is not the model of the catalogue.
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
