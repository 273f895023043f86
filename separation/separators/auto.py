"""The best separator that runs here: htdemucs where its weights can be had, else spectral."""

import logging
import time
from dataclasses import replace
from pathlib import Path

from separation.base import (
    ResumableSeparator,
    SeparatorIdentity,
    SeparatorModel,
    SeparatorOptions,
    Validation,
    separate_with,
)
from separation.catalogue import CATALOGUE, models_for
from separation.checkpoint import Checkpoints
from separation.errors import ModelUnavailable
from separation.options import check_options
from separation.progress import Report, ignore_progress, part_of
from separation.registry import SeparatorFactory

FALLBACK = "spectral"
PREFERRED = "demucs"

_log = logging.getLogger("separator.auto")


class AutoSeparator(ResumableSeparator):
    """Chooses once and keeps to it, so that what ran is what :meth:`identity` says.

    A model or a repository that was named is used or fails: nobody who asked for it wants
    another. Only :meth:`load` reconsiders a fall-back, after ``options.hub_retry_s``.
    """

    name = "auto"
    is_routed = True

    def __init__(self, options: SeparatorOptions) -> None:
        check_options(options)
        super().__init__(options)
        self._chosen: SeparatorModel | None = None
        self._note = ""
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
        wanted = self._wanted().validate()
        if wanted or not self._may_fall_back():
            return wanted
        fallback = self._fallback().validate()
        return Validation(fallback.ok, f"{wanted.reason} {fallback.reason}".strip())

    def get_supported_tracks(self) -> list[str]:
        # The stems are the same before and after the choice, as only four stems may fall back.
        return (self._chosen or self._wanted()).get_supported_tracks()

    def identity(self) -> SeparatorIdentity:
        identity = self._choice().identity()
        return replace(identity, notes=(self._note, *identity.notes))

    def load(self, *, report: Report = ignore_progress) -> None:
        fell_back = self._fell_back_at
        if fell_back is not None and time.monotonic() - fell_back >= self.options.hub_retry_s:
            self._forget()
        self._choice(report).load(report=report)

    def close(self) -> None:
        if self._chosen is not None:
            self._chosen.close()
        self._forget()

    def _forget(self) -> None:
        self._chosen, self._note, self._fell_back_at = None, "", None

    def _choice(self, report: Report = ignore_progress) -> SeparatorModel:
        if self._chosen is None:
            self._chosen = self._choose(report)
            _log.info(self._note)
        return self._chosen

    def _choose(self, report: Report) -> SeparatorModel:
        wanted = self._wanted()
        try:
            wanted.load(report=report)
        except ModelUnavailable as error:
            if not self._may_fall_back():
                raise
            self._note = f"Separated with {FALLBACK}: {error.detail}"
            self._fell_back_at = time.monotonic()
            return self._fallback()
        self._note = f"Separated with {wanted.identity().model}: its weights are here."
        return wanted

    def _wanted(self) -> SeparatorModel:
        """The separator to try first; nothing is loaded."""
        name, model = self.first_choice()
        return SeparatorFactory.separator_class(name)(replace(self.options, model=model))

    def first_choice(self) -> tuple[str, str | None]:
        """Name and model of the separator that is wanted, whether or not it can be had."""
        options = self.options
        if options.repo is not None:
            return PREFERRED, options.model
        if options.model is not None:
            owners = {model.name: model.separator for model in CATALOGUE}
            return owners.get(options.model, PREFERRED), options.model
        return PREFERRED, self._model_with_stems()

    def _model_with_stems(self) -> str:
        """The first demucs model that gives every stem asked for; the default where none does,
        which then names the stem that is missing."""
        asked = {*(self.options.stems or ()), *filter(None, [self.options.two_stems])}
        known = models_for(PREFERRED)
        return next((m.name for m in known if asked <= set(m.stems)), known[0].name)

    def _may_fall_back(self) -> bool:
        options = self.options
        default = models_for(PREFERRED)[0].name
        return (
            options.repo is None and options.model is None and self._model_with_stems() == default
        )

    def _fallback(self) -> SeparatorModel:
        return SeparatorFactory.separator_class(FALLBACK)(replace(self.options, model=None))
