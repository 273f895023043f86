"""Which model will separate a song, as far as that is known before the job runs."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings

from jobs.services.site_models.available import is_there, known_models, licence_rule
from jobs.services.sizes import size
from separation.catalogue import ModelInfo, find_model, models_for
from separation.ensemble import ENSEMBLE
from separation.request.separation_request import SeparationRequest


@dataclass(frozen=True)
class Forecast:
    """The expected models of a request.

    ``model``: the installed model that runs; None where none is installed, or only the separator
    determines it. ``hoped``: a better model that runs instead if it becomes available at first
    use, on a remote service (``remotely``) or by a download. ``missed``: a model that was not
    available when a song last needed it. ``lacking``: the model that would run but is not
    available, so that songs fail.
    """

    model: ModelInfo | None = None
    hoped: ModelInfo | None = None
    missed: ModelInfo | None = None
    lacking: ModelInfo | None = None
    remotely: bool = False

    @property
    def words(self) -> str:
        """The models in words; empty where only the separator determines them."""
        if self.hoped is None:
            named = self.model or self.lacking
            return named.label if named else ""
        if self.model is None:
            return self.hoped.label
        return f"{self.hoped.label} {self._condition}, else {self.model.label}"

    @property
    def download_bytes(self) -> int:
        """The size of the download at first use where no installed model could run."""
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
    """Which models ``request`` will use. ``missing``: names of models that were not available for
    recent songs."""
    candidates = _candidates(request)
    if not candidates:
        return Forecast()
    remotely = _may_run_remotely(request)
    missed = hoped = None
    for model in candidates:
        if is_there(str(model.separator), model.name):
            return Forecast(model, hoped, missed, remotely=remotely)
        failed = model.name in missing
        missed = missed or (model if failed else None)
        if remotely or (model.download_bytes and not settings.OFFLINE and not failed):
            hoped = hoped or model
    if hoped is None and missed is not None and not settings.OFFLINE:
        # The download failed, but it is tried again, as there is no other model.
        hoped = missed
    return Forecast(None, hoped, missed, None if hoped else candidates[0], remotely)


def _candidates(request: SeparationRequest) -> tuple[ModelInfo, ...]:
    """The models that are tried, in order; empty where only the separator determines them."""
    if request.separator == ENSEMBLE:
        return ()
    if request.model is not None:
        return (find_model(request.model, known_models()),)
    if request.separator != "auto":
        return models_for(request.separator, known_models())[:1]
    return licence_rule().automatic()


def _may_run_remotely(request: SeparationRequest) -> bool:
    """Whether the remote service is tried, which comes before installed models."""
    allowed = request.device == "auto" and request.allow_remote
    return allowed and bool(settings.REMOTE_URL) and "remote" in settings.ROUTES
