"""The example of docs/adding-a-stage.md, registered as the page says and run."""

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from jobs.wording import stage_label
from separation.errors import InvalidOptions
from separation.protocol.jobspec import StageRequest
from separation.stage_table import STAGES, StageRow
from separation.stages.registry import build_stage, check_pipeline
from tests.separation.fenced import blocks
from tests.separation.stages.stage_world import make_context, run, samples_of, sound


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("width_example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    code, row = blocks("adding-a-stage.md", "python")
    exec(compile(code, "adding-a-stage.md", "exec"), module.__dict__)
    last = STAGES["export"]
    monkeypatch.delitem(STAGES, "export")
    told: StageRow = eval(row, {"StageRow": StageRow})
    monkeypatch.setitem(STAGES, told.name, replace(told, path="width_example:WidthStage"))
    monkeypatch.setitem(STAGES, "export", last)


def test_the_example_runs_and_does_what_it_says(tmp_path: Path) -> None:
    song = sound(6, 70_000)
    stage = build_stage(StageRequest(name="width", params={"width": 0.0}))
    _, context = run(stage, make_context(tmp_path, song))
    wide = samples_of(context, "wide")
    assert np.array_equal(wide[0], wide[1])
    assert np.max(np.abs(wide[0] - song.mean(axis=0))) < 1e-7  # one rounding to float32


def test_its_row_says_what_it_does() -> None:
    stage = build_stage(StageRequest(name="width"))
    assert stage.activity == "Widening the stereo picture"
    assert stage_label("width") == "Change the stereo width"


def test_its_range_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match=r"width.*4"):
        build_stage(StageRequest(name="width", params={"width": 4}))


def test_it_fits_into_a_pipeline() -> None:
    names = ("prepare", "width", "export")
    assert [s.name for s in check_pipeline([StageRequest(name=n) for n in names])] == list(names)
