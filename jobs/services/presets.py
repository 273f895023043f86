"""The presets of this site, with the models that are installed and the time that they take."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings

from jobs.services.site_models.available import is_offered, is_there
from jobs.services.site_models.forecast import Forecast, forecast
from jobs.services.site_models.missing_models import missing_names
from jobs.services.timing.speed import START_S, Speeds, Work
from separation.ensemble import ENSEMBLE, find_ensemble
from separation.request.presets import PRESETS, Resolved, find_preset, resolve
from separation.request.presets import can_run as preset_can_run
from separation.request.separation_request import SeparationRequest, parse_request

EXAMPLE_S = 240.0
"""The length of the song for which times are shown: four minutes."""

UNIT = "fast"
"""The preset whose work is the unit for all others where no time was learned."""


@dataclass(frozen=True)
class Pace:
    """What the model of time says of songs of any length: ``start_s``, and ``seconds_per_second``
    for each second of the song, of which ``longest_s`` are separated at most."""

    start_s: float
    seconds_per_second: float
    longest_s: float | None


@dataclass(frozen=True)
class SitePreset:
    """``seconds``: time for a song of ``EXAMPLE_S`` on this site, ``pace``: that for any song; None
    before it was learned. ``times_fast``: its work as a multiple of that of the preset "fast"."""

    resolved: Resolved
    request: SeparationRequest
    forecast: Forecast
    seconds: float | None
    pace: Pace | None
    times_fast: float

    @property
    def name(self) -> str:
        return self.resolved.preset.name

    @property
    def uses(self) -> str:
        """The model or ensemble that separates, in words."""
        if self.request.separator == ENSEMBLE and self.request.model:
            return find_ensemble(self.request.model).label
        return self.forecast.words or self.request.separator

    @property
    def quality(self) -> str:
        """What is known of the model that separates, as sentences; empty for an ensemble."""
        model = self.forecast.model or self.forecast.hoped or self.forecast.lacking
        return model.description if model else ""

    @property
    def differs(self) -> bool:
        """Whether its work differs noticeably from that of "fast"."""
        return abs(self.times_fast - 1.0) > 0.05


def site_presets(speeds: Speeds | None = None) -> list[SitePreset]:
    """All presets that can run here, in their order. It takes one query for missing models, and one
    more where ``speeds`` is None."""
    speeds = speeds or Speeds.load()
    missing = missing_names()
    usual = _request(resolve(find_preset(UNIT), is_there, is_offered))
    unit = _work_s(usual, forecast(usual, missing))
    found = []
    for preset in PRESETS:
        if preset_can_run(preset, is_there, is_offered):
            resolved = resolve(preset, is_there, is_offered)
            found.append(_site_preset(resolved, speeds, missing, unit))
    return found


def _site_preset(
    resolved: Resolved, speeds: Speeds, missing: Collection[str], unit: float
) -> SitePreset:
    request = _request(resolved)
    expected = forecast(request, missing)
    here = speeds.expect(_work(request, request.separator, request.model))
    seconds = here.seconds if here.learned else None
    pace = Pace(START_S, here.seconds_per_second, request.range_length_s) if here.learned else None
    times_fast = _work_s(request, expected) / unit
    return SitePreset(resolved, request, expected, seconds, pace, times_fast)


def _request(resolved: Resolved) -> SeparationRequest:
    return parse_request({"separator": settings.DEFAULT_SEPARATOR, **resolved.choices()})


def _work_s(request: SeparationRequest, expected: Forecast) -> float:
    """The default time of the model that will run, without learned speeds."""
    model = expected.hoped or expected.model
    if model is None:
        work = _work(request, request.separator, request.model)
    else:
        work = _work(request, str(model.separator), model.name)
    return Speeds(()).expect(work).seconds


def _work(request: SeparationRequest, separator: str, model: str | None) -> Work:
    pipeline = [stage.model_dump(mode="json") for stage in request.to_pipeline()]
    return Work.of(separator, model or "", EXAMPLE_S, pipeline)
