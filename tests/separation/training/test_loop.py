import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from separation.errors import ModelUnavailable
from separation.separators.bandsplit import weights
from separation.training.export import export
from separation.training.loop import NotFinite, Trainer, TrainingPlan, train
from tests.separation.training.material import SMALL, small_corpus, small_suite


@pytest.fixture
def plan(tmp_path: Path) -> TrainingPlan:
    return TrainingPlan(
        corpora=(small_corpus(tmp_path / "corpus"),),
        run=tmp_path / "run",
        shape=SMALL,
        steps=6,
        warm_up_steps=2,
        batch=1,
        frames=24,
        processes=1,
        compile=False,
    )


def _log(plan: TrainingPlan) -> list[dict[str, float]]:
    return [json.loads(line) for line in (plan.run / "log.jsonl").read_text().splitlines()]


def _weights(trainer: Trainer) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in trainer.network.parameters()])


def test_thirty_steps_learn_to_tell_a_click_from_a_tone(plan: TrainingPlan) -> None:
    plan = replace(plan, steps=30, learning_rate=3e-3)
    trainer = Trainer(plan, rank=0)
    losses = [trainer._one_step() for _ in range(30)]
    assert all(loss is not None for loss in losses)
    first, last = losses[:8], losses[-8:]
    assert sum(filter(None, last)) < sum(filter(None, first)) - 0.1


def test_a_run_goes_on_where_it_was_stopped(plan: TrainingPlan) -> None:
    train(plan)
    trainer = Trainer(replace(plan, steps=8), rank=0)
    assert trainer.step == 6
    saved = torch.load(plan.run / "checkpoint.pt", weights_only=True)
    assert torch.equal(saved["network"]["norm.weight"], trainer.network.norm.weight)
    trainer.run()
    assert torch.load(plan.run / "checkpoint.pt", weights_only=True)["step"] == 8


def test_two_processes_train_one_network_on_different_mixtures(plan: TrainingPlan) -> None:
    both = replace(plan, processes=2, run=plan.run.with_name("both"))
    train(replace(plan, steps=2))
    train(replace(both, steps=2))
    alone, together = (
        torch.load(run / "checkpoint.pt", weights_only=True) for run in (plan.run, both.run)
    )
    assert together["step"] == 2
    # The same start, and other gradients than those of one process.
    assert not torch.equal(alone["network"]["norm.weight"], together["network"]["norm.weight"])


ENDLESS = """
import sys
from pathlib import Path
from separation.training.loop import TrainingPlan, train
from tests.separation.training.material import SMALL
if __name__ == "__main__":
    corpus, run = map(Path, sys.argv[1:])
    train(TrainingPlan((corpus,), run, shape=SMALL, batch=1, frames=24, save_s=0.0, compile=False))
"""


def test_a_training_that_is_killed_leaves_no_process_behind(
    plan: TrainingPlan, tmp_path: Path
) -> None:
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    command = [sys.executable, str(script), str(plan.corpora[0]), str(plan.run)]
    running = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    wait_for((plan.run / "checkpoint.pt").is_file)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    assert len(children) >= 2
    running.kill()
    running.wait()
    wait_for(lambda: not any(_is_alive(child) for child in children))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def _is_alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_step_that_is_not_finite_is_left_out(
    plan: TrainingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(plan, rank=0)
    before = _weights(trainer)
    monkeypatch.setattr(
        trainer, "_loss", lambda *_: next(trainer.network.parameters()).sum() * float("nan")
    )
    assert trainer._one_step() is None
    assert torch.equal(_weights(trainer), before)


def test_a_run_that_is_never_finite_ends_and_keeps_its_checkpoint(
    plan: TrainingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(plan)
    kept = (plan.run / "checkpoint.pt").read_bytes()
    trainer = Trainer(replace(plan, steps=100), rank=0)
    monkeypatch.setattr(
        trainer, "_loss", lambda *_: next(trainer.network.parameters()).sum() * float("inf")
    )
    with pytest.raises(NotFinite, match="in a row"):
        trainer.run()
    assert (plan.run / "checkpoint.pt").read_bytes() == kept


def test_broken_weights_do_not_replace_a_good_checkpoint(plan: TrainingPlan) -> None:
    train(plan)
    kept = (plan.run / "checkpoint.pt").read_bytes()
    trainer = Trainer(plan, rank=0)
    with torch.no_grad():
        trainer.network.norm.weight[0] = float("nan")
    with pytest.raises(NotFinite, match="nothing was saved"):
        trainer.save()
    assert (plan.run / "checkpoint.pt").read_bytes() == kept


def test_the_learning_rate_rises_stays_and_falls_to_zero(plan: TrainingPlan) -> None:
    trainer = Trainer(replace(plan, steps=100, warm_up_steps=10, decay_steps=20), rank=0)
    assert [trainer._share(step) for step in (0, 9, 50, 80, 90, 100)] == pytest.approx(
        [0.1, 1.0, 1.0, 1.0, 0.5, 0.0]
    )


def test_the_log_tells_sdr_of_every_stem_with_and_without_vocals(
    plan: TrainingPlan, tmp_path: Path
) -> None:
    train(replace(plan, suite=small_suite(tmp_path / "suite")))
    told = _log(plan)[-1]
    assert {"drums", "bass", "other", "vocals", "drums*", "bass*", "other*"} <= told.keys()
    assert "vocals*" not in told


def test_an_exported_run_is_what_the_separator_loads(plan: TrainingPlan, tmp_path: Path) -> None:
    train(plan)
    target = tmp_path / "small.safetensors"
    assert export(plan.run, target, trained_on="tones") == 6
    network = weights.load(target)
    mean = torch.load(plan.run / "checkpoint.pt", weights_only=True)["mean"]
    assert torch.equal(network.norm.weight, mean["norm.weight"].half().float())
    assert weights.digest(target) == json.loads(target.with_suffix(".json").read_text())["sha256"]


def test_a_run_without_a_checkpoint_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="Train first"):
        export(tmp_path, tmp_path / "out.safetensors", trained_on="nothing")
