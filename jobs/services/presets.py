"""The presets as they are on this site: with the models that are here, and what they cost."""

from dataclasses import dataclass

from django.conf import settings

from jobs.services.offered import known_models, licence_rule
from jobs.services.speed import Speeds, Work
from separation.catalogue import ModelInfo, find_model, models_for
from separation.ensemble import ENSEMBLE, find_ensemble
from separation.presets import PRESETS, Resolved, find_preset, resolve
from separation.presets import can_run as preset_can_run
from separation.registry import SeparatorFactory
from separation.request import SeparationRequest, parse_request

EXAMPLE_S = 240.0
"""A song of four minutes: what costs are told for."""

UNIT = "fast"
"""Where no time was learned, the others are told as so many times the work of this preset."""


def is_there(separator: str, model: str) -> bool:
    """Whether a model can run without being fetched first, as far as this process sees."""
    where = {
        "model_dir": settings.MODEL_DIR,
        "model_paths": tuple(settings.MODEL_PATHS),
        "offline": True,
    }
    return bool(SeparatorFactory.validate(separator, model=model, **where))


def is_offered(separator: str, model: str) -> bool:
    """Whether the operator's rule on licences lets it run."""
    return licence_rule().allows_choice(separator, model)


def can_run(separator: str, model: str) -> bool:
    """Whether it may be used, and can be without being fetched first."""
    return is_offered(separator, model) and is_there(separator, model)


@dataclass(frozen=True)
class SitePreset:
    """``seconds``: what a song of ``EXAMPLE_S`` takes here, None before that was learned;
    ``times_fast``: its work compared with that of the preset "fast"."""

    resolved: Resolved
    request: SeparationRequest
    seconds: float | None
    times_fast: float

    @property
    def uses(self) -> str:
        """What separates, in words."""
        if self.request.separator == ENSEMBLE and self.request.model:
            return find_ensemble(self.request.model).label
        model = _model(self.request)
        return model.label if model else self.request.separator

    @property
    def differs(self) -> bool:
        """Whether its work is worth comparing with that of "fast"."""
        return abs(self.times_fast - 1.0) > 0.05

    @property
    def download_bytes(self) -> int:
        """What is fetched when it is first used; 0 where all is here."""
        model = _model(self.request)
        if model is None or not model.download_bytes:
            return 0
        return 0 if is_there(str(model.separator), model.name) else model.download_bytes


def site_presets(speeds: Speeds | None = None) -> list[SitePreset]:
    """All of them in their order; one query where ``speeds`` are not given."""
    speeds = speeds or Speeds.load()
    unit = _work_s(_request(resolve(find_preset(UNIT), is_there, is_offered)))
    found = []
    for preset in PRESETS:
        if not preset_can_run(preset, is_there, is_offered):
            continue
        resolved = resolve(preset, is_there, is_offered)
        request = _request(resolved)
        here = speeds.expect(_work(request, request.separator, request.model))
        seconds = here.seconds if here.learned else None
        found.append(SitePreset(resolved, request, seconds, _work_s(request) / unit))
    return found


def _model(request: SeparationRequest) -> ModelInfo | None:
    """What will run as far as this process can tell; None where only the separator knows."""
    if request.separator == ENSEMBLE:
        return None
    if request.model is not None:
        return find_model(request.model, known_models())
    if request.separator != "auto":
        known = models_for(request.separator, known_models())
        return known[0] if known else None
    tried = licence_rule().automatic()
    here = (row for row in tried if not settings.OFFLINE or is_there(str(row.separator), row.name))
    return next(here, tried[-1] if tried else None)


def _request(resolved: Resolved) -> SeparationRequest:
    return parse_request({"separator": settings.DEFAULT_SEPARATOR, **resolved.choices()})


def _work_s(request: SeparationRequest) -> float:
    """By the constants of models where nothing was learned, of the model that will run."""
    model = _model(request)
    if model is None:
        work = _work(request, request.separator, request.model)
    else:
        work = _work(request, str(model.separator), model.name)
    return Speeds(()).expect(work).seconds


def _work(request: SeparationRequest, separator: str, model: str | None) -> Work:
    pipeline = [stage.model_dump(mode="json") for stage in request.to_pipeline()]
    return Work.of(separator, model or "", EXAMPLE_S, pipeline)
