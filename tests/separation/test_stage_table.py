"""The one table of stages, and who reads it."""

import subprocess
import sys
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules, resolve_name
from typing import Any

import pytest

import separation.stages
from separation.pipeline.rates import Rates
from separation.protocol.jobspec import StageRequest
from separation.request.separation_request import SeparationRequest
from separation.stage_table import OPTIONAL_STAGES, RUNS_SEPARATORS, STAGES
from separation.stages.base import PipelineStage
from separation.stages.registry import build_stage

FROM_A_REQUEST: dict[str, dict[str, Any]] = {
    "prepare": {},
    "details": {"splits": [{"stem": "drums", "separator": "spectral"}]},
    "denoise": {"stems": [{"stem": "vocals"}]},
    "score": {"song": "demo"},
}

FULL = SeparationRequest(separator="spectral").to_pipeline()


def test_every_stage_of_the_code_has_a_row_with_its_name() -> None:
    names = [
        f"separation.stages.{module.name}" for module in iter_modules(separation.stages.__path__)
    ]
    parts = [part for name in names for part in vars(import_module(name)).values()]
    classes = {
        part
        for part in parts
        if isinstance(part, type) and issubclass(part, PipelineStage) and not isabstract(part)
    }
    assert {resolve_name(row.path) for row in STAGES.values()} == classes
    for row in STAGES.values():
        assert resolve_name(row.path).name == row.name


def test_reading_the_table_imports_no_stage_and_no_numbers() -> None:
    code = "import sys, separation.stage_table; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "torch", "separation.stages"} & set(loaded.stdout.split())


@pytest.mark.parametrize("name", STAGES)
def test_a_row_says_what_a_stage_does_and_what_it_makes(name: str) -> None:
    row = STAGES[name]
    assert row.label and row.activity.split()[0].endswith("ing")
    assert bool(row.title) == bool(row.text)
    assert row.title or not row.is_optional


def test_all_that_may_be_chosen_run_when_nobody_chooses() -> None:
    ran = {stage.name for stage in SeparationRequest().to_pipeline()}
    assert ran == {*OPTIONAL_STAGES, "prepare", "listening", "quality", "export"}


def test_what_a_stage_takes_at_first_is_the_guess_of_its_row() -> None:
    """Of one that runs separators, what these take."""
    for name, row in STAGES.items():
        pipeline = [*FULL, StageRequest(name=name, params=FROM_A_REQUEST.get(name, {}))]
        stage = build_stage(pipeline[-1])
        rate = Rates().expected([build_stage(each) for each in pipeline], {})[stage.name]
        assert not rate.learned and rate.seconds_per_second > 0
        if not row.runs_separators and row.guess is not None:
            assert rate.seconds_per_second == pytest.approx(row.guess)
    assert all(STAGES[name].guess is None for name in RUNS_SEPARATORS)
