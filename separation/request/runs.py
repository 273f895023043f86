"""The separators that a job's pipeline runs. An ensemble runs its members; the details stage runs
one separator for each stem."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from separation.ensemble import ENSEMBLE, EnsembleFault, parse_ensemble
from separation.stage_table import DETAILS, SEPARATION


@dataclass(frozen=True)
class Run:
    """One separator that processes the whole song, once or as often as ``params`` say."""

    separator: str
    model: str
    params: Mapping[str, Any]


def runs_of(stage: str, params: Mapping[str, Any]) -> list[Run]:
    """The runs of one stage; empty for a stage that runs no separator."""
    if stage == DETAILS:
        return [run for split in params.get("splits") or () for run in _runs(split)]
    return _runs(params) if stage == SEPARATION else []


def runs_of_pipeline(pipeline: Iterable[Mapping[str, Any]]) -> list[Run]:
    """The runs of all stages. ``pipeline``: stages with ``name`` and ``params``."""
    return [run for stage in pipeline for run in runs_of(stage["name"], stage.get("params") or {})]


def _runs(params: Mapping[str, Any]) -> list[Run]:
    separator, model = str(params.get("separator") or "auto"), str(params.get("model") or "")
    if separator != ENSEMBLE:
        return [Run(separator, model, params)]
    try:
        ensemble = parse_ensemble(params.get("ensemble") or model)
    except EnsembleFault:
        # An ensemble that this version no longer has.
        return []
    members = ensemble.members if ensemble else ()
    return [Run(member.separator, member.model or "", params) for member in members]
