"""What the stages of a job cost on this machine, from the best that is known of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from separation.protocol.jobspec import StageRate
from separation.request.cost import Stages, default_rate, weight
from separation.stages.base import PipelineStage


@dataclass
class Rates:
    """Rates measured by stage and parameters; one for a process, so that the second job's estimate
    is better than the first's even where nobody keeps rates."""

    _measured: dict[str, float] = field(default_factory=dict)

    def remember(
        self,
        stage: PipelineStage[Any],
        stages: Sequence[PipelineStage[Any]],
        *,
        work_s: float,
        audio_s: float,
    ) -> None:
        """``stages``: the whole pipeline that ``stage`` ran in."""
        if audio_s > 0:
            rate = work_s / audio_s
            self._measured[_key(stage)] = rate / weight(stage.name, _pipeline(stages))

    def expected(
        self, stages: Sequence[PipelineStage[Any]], told: Mapping[str, StageRate]
    ) -> dict[str, StageRate]:
        """By stage: what the asker has learned (``told``), else what was measured in this process,
        else what the asker guesses, else the constants of :mod:`separation.request.cost`."""
        pipeline = _pipeline(stages)
        return {stage.name: self._expected(stage, pipeline, told) for stage in stages}

    def _expected(
        self, stage: PipelineStage[Any], pipeline: Stages, told: Mapping[str, StageRate]
    ) -> StageRate:
        given, measured = told.get(stage.name), self._measured.get(_key(stage))
        if measured is not None and not (given and given.learned):
            return StageRate(seconds_per_second=measured * weight(stage.name, pipeline))
        if given is not None:
            return given
        rate = default_rate(stage.name, pipeline)
        return StageRate(seconds_per_second=rate, learned=False)


def _pipeline(stages: Sequence[PipelineStage[Any]]) -> Stages:
    return [(stage.name, stage.params.model_dump(mode="json")) for stage in stages]


def _key(stage: PipelineStage[Any]) -> str:
    return stage.name + json.dumps(stage.params.model_dump(mode="json"), sort_keys=True)
