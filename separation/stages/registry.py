"""Builds stages from their rows in :mod:`separation.stage_table`, and checks pipelines."""

from collections.abc import Sequence
from pkgutil import resolve_name
from typing import Any

from pydantic import ValidationError

from separation.errors import InvalidOptions
from separation.protocol.jobspec import StageRequest
from separation.stage_table import STAGES
from separation.stages.base import PipelineStage
from separation.validation import parts_of_first


def import_stages() -> None:
    """Import every stage now, so that no job waits for that."""
    for row in STAGES.values():
        resolve_name(row.path)


def import_late_parts() -> None:
    """Import what measuring loudness needs. Every job needs it at its end only, and it takes as
    long to import as all stages."""
    import scipy.signal  # noqa: F401


def build_stage(request: StageRequest) -> PipelineStage[Any]:
    """Import a stage and check its parameters. Raises ``InvalidOptions``, which names both."""
    row = STAGES.get(request.name)
    if row is None:
        raise InvalidOptions(f"There is no stage {request.name!r}. There are: {', '.join(STAGES)}.")
    stage_class: type[PipelineStage[Any]] = resolve_name(row.path)
    try:
        params = stage_class.params_type.model_validate(request.params)
    except ValidationError as error:
        where, fault, received = parts_of_first(error)
        refused = f"{where or 'parameters'} {received}"
        raise InvalidOptions(
            f"The stage {request.name!r} cannot run with {refused}: {fault}."
        ) from error
    return stage_class(params)


def check_pipeline(pipeline: Sequence[StageRequest]) -> list[PipelineStage[Any]]:
    """Build every stage of a pipeline and check that they fit together.

    ``prepare`` must be first and ``export`` last; the others follow the table's order, after the
    stages that they need, none twice. Raises ``InvalidOptions``.
    """
    stages = [build_stage(request) for request in pipeline]
    names = [stage.name for stage in stages]
    for name in names:
        if names.count(name) > 1:
            raise InvalidOptions(f"The stage {name!r} is in the pipeline twice.")
    first, *_, last = STAGES
    if len(names) < 2 or names[0] != first or names[-1] != last:
        raise InvalidOptions(
            f"A pipeline begins with {first!r} and ends with {last!r}; this one is: "
            f"{', '.join(names) or 'empty'}."
        )
    for place, stage in enumerate(stages):
        missing = [need for need in stage.needs if need not in names[:place]]
        if missing:
            raise InvalidOptions(f"The stage {stage.name!r} needs {missing[0]!r} before it.")
    if names != [name for name in STAGES if name in names]:
        raise InvalidOptions(
            f"The stages run in the order {', '.join(STAGES)}; this pipeline has: "
            f"{', '.join(names)}."
        )
    return stages
