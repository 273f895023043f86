"""Which model will separate a song, as far as that can be told before anybody sends it."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings

from jobs.services.site_models.offered import is_there, known_models, licence_rule
from jobs.services.sizes import size
from separation.catalogue import ModelInfo, find_model, models_for
from separation.ensemble import ENSEMBLE
from separation.request.separation_request import SeparationRequest


@dataclass(frozen=True)
class Forecast:
    """``model``: what is here and runs; None where nothing is, or only the separator knows.
    ``hoped``: what runs in its place if it can be had at first use, on another machine
    (``remotely``) or by a download. ``missed``: what could not be had when it was last wanted.
    ``lacking``: what would run and is not here, so that songs fail."""

    model: ModelInfo | None = None
    hoped: ModelInfo | None = None
    missed: ModelInfo | None = None
    lacking: ModelInfo | None = None
    remotely: bool = False

    @property
    def words(self) -> str:
        """Empty where only the separator knows."""
        if self.hoped is None:
            named = self.model or self.lacking
            return named.label if named else ""
        if self.model is None:
            return self.hoped.label
        return f"{self.hoped.label} {self._condition}, else {self.model.label}"

    @property
    def download_bytes(self) -> int:
        """What is fetched at first use where nothing else could run."""
        return self.hoped.download_bytes if self.hoped and self.model is None else 0

    @property
    def _condition(self) -> str:
        assert self.hoped is not None
        fetched = not settings.OFFLINE and self.hoped != self.missed
        download = f"it can be downloaded ({size(self.hoped.download_bytes)})" if fetched else ""
        if not self.remotely:
            return f"if {download}"
        return f"if the remote service takes it{f' or {download}' if download else ''}"


def forecast(request: SeparationRequest, missing: Collection[str]) -> Forecast:
    """``missing``: names of models that songs of late could not have."""
    tried = _tried(request)
    if not tried:
        return Forecast()
    remotely = _may_run_remotely(request)
    missed = hoped = None
    for model in tried:
        if is_there(str(model.separator), model.name):
            return Forecast(model, hoped, missed, remotely=remotely)
        failed = model.name in missing
        missed = missed or (model if failed else None)
        if remotely or (model.download_bytes and not settings.OFFLINE and not failed):
            hoped = hoped or model
    if hoped is None and missed is not None and not settings.OFFLINE:
        # It failed, and is tried again all the same: there is nothing else.
        hoped = missed
    return Forecast(None, hoped, missed, None if hoped else tried[0], remotely)


def _tried(request: SeparationRequest) -> tuple[ModelInfo, ...]:
    """In order; empty where only the separator knows."""
    if request.separator == ENSEMBLE:
        return ()
    if request.model is not None:
        return (find_model(request.model, known_models()),)
    if request.separator != "auto":
        return models_for(request.separator, known_models())[:1]
    return licence_rule().automatic()


def _may_run_remotely(request: SeparationRequest) -> bool:
    """A remote service is asked first for what would be wanted here, whatever is here."""
    asked = request.device == "auto" and request.allow_remote
    return asked and bool(settings.REMOTE_URL) and "remote" in settings.ROUTES
