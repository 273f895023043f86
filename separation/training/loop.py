"""The training itself: several processes, checkpoints, no step that is not finite.

Each process computes mixtures of its own with one thread; the gradients of all processes are
averaged at every step. The learning rate rises, stays, and falls to zero over the last steps, so a
run can be continued from a checkpoint of the flat part as long as there is time (Hu et al.,
"MiniCPM", 2024, call it warm-up, stable, decay). A running mean of the weights is measured and
exported.
"""

import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as distributed
import torch.multiprocessing
from torch import nn

from separation.separators.bandsplit.network import BandSplitNetwork, Shape, features
from separation.system.processes import end_with_parent
from separation.training.corpus import Corpus
from separation.training.loss import mask_loss
from separation.training.mixing import Mixer
from separation.training.validation import measure, read_songs

DEFAULT_SHAPE = Shape()


@dataclass(frozen=True)
class TrainingPlan:
    """How to train. ``steps``: the last step of the run. ``decay_steps``: the number of steps over
    which the learning rate falls, 0 for a run that will be continued. ``validate_s`` and
    ``save_s``: seconds between two measurements and between two checkpoints."""

    corpora: tuple[Path, ...]
    run: Path
    without_songs: tuple[str, ...] = ()
    suite: Path | None = None
    shape: Shape = DEFAULT_SHAPE
    steps: int = 40_000
    warm_up_steps: int = 200
    decay_steps: int = 0
    learning_rate: float = 1e-3
    batch: int = 3
    frames: int = 256
    processes: int = 2
    validate_s: float = 900.0
    save_s: float = 120.0
    compile: bool = True


class NotFinite(Exception):
    """Too many steps in a row were not finite."""


MOST_SKIPPED = 20
"""The most skipped steps in a row. After that the weights themselves are broken, and the next
checkpoint would keep them."""

_CLIP = 1.0
_MEAN_DECAY = 0.998
_WEIGHT_DECAY = 1e-3


def train(plan: TrainingPlan) -> None:
    """Train up to ``plan.steps``, from the run's checkpoint if there is one. Raises
    ``NotFinite``."""
    plan.run.mkdir(parents=True, exist_ok=True)
    if plan.processes == 1:
        Trainer(plan, rank=0).run()
    else:
        # torch has no types for this module.
        processes: Any = torch.multiprocessing
        processes.spawn(_member, args=(plan, _free_port(), os.getpid()), nprocs=plan.processes)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _member(rank: int, plan: TrainingPlan, port: int, parent: int) -> None:
    end_with_parent(parent=parent)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    distributed.init_process_group("gloo", rank=rank, world_size=plan.processes)
    try:
        Trainer(plan, rank=rank).run()
    finally:
        distributed.destroy_process_group()


class Trainer:
    """One process of a run."""

    def __init__(self, plan: TrainingPlan, *, rank: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self._plan, self._rank = plan, rank
        self.network = BandSplitNetwork(plan.shape)
        self.mean = BandSplitNetwork(plan.shape)
        self.mean.load_state_dict(self.network.state_dict())
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=plan.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=_WEIGHT_DECAY,
        )
        self.step = 0
        self._skipped = 0
        self._resume()
        corpus = Corpus(list(plan.corpora), without_songs=frozenset(plan.without_songs))
        self._mixer = Mixer(corpus, frames=plan.frames, seed=self.step * 1_000 + rank)
        self._loss = torch.compile(self._batch_loss) if plan.compile else self._batch_loss
        self._songs = read_songs(plan.suite) if plan.suite else []

    def run(self) -> None:
        plan = self._plan
        saved = validated = logged = time.monotonic()
        losses: list[float] = []
        while self.step < plan.steps:
            loss = self._one_step()
            if loss is not None:
                losses.append(loss)
            now = time.monotonic()
            if now - logged > 30 and losses:
                self._log(loss=round(sum(losses) / len(losses), 4), steps=len(losses))
                losses, logged = [], now
            if now - saved > plan.save_s:
                self.save()
                saved = time.monotonic()
            if self._songs and self._rank == 0 and now - validated > plan.validate_s:
                self._log(**measure(self.mean.eval(), self._songs))
                validated = time.monotonic()
        self.save()
        if self._songs and self._rank == 0:
            self._log(**measure(self.mean.eval(), self._songs))

    def _one_step(self) -> float | None:
        """The loss, or ``None`` for a step that was skipped because a gradient was not finite."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.learning_rate * self._share(self.step)
        self._optimizer.zero_grad(set_to_none=True)
        batch = [self._mixer.mixture() for _ in range(self._plan.batch)]
        bins = self.network.shape.bins
        mixture = torch.stack([one.mixture for one in batch])[..., :bins]
        stems = torch.stack([one.stems for one in batch])[..., :bins]
        loss: Any = self._loss(features(mixture), _parts(mixture), _parts(stems))
        loss.backward()
        gradients = _gradients_averaged(self.network, self._plan.processes)
        self.step += 1
        if not bool(torch.isfinite(gradients).all()):
            self._count_skipped()
            return None
        self._skipped = 0
        nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self._optimizer.step()
        self._update_mean()
        return float(loss.detach())

    def _count_skipped(self) -> None:
        self._skipped += 1
        if self._skipped > MOST_SKIPPED:
            raise NotFinite(f"{self._skipped} steps in a row were not finite, up to {self.step}.")

    def _batch_loss(
        self, magnitudes: torch.Tensor, mixture: torch.Tensor, stems: torch.Tensor
    ) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = self.network.logits(magnitudes)
        return mask_loss(torch.softmax(logits.float(), dim=1), mixture, stems)

    def _share(self, step: int) -> float:
        plan = self._plan
        rising = min(1.0, (step + 1) / plan.warm_up_steps)
        falling = (plan.steps - step) / plan.decay_steps if plan.decay_steps else 1.0
        return rising * min(1.0, falling)

    def _update_mean(self) -> None:
        decay = min(_MEAN_DECAY, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, now in zip(self.mean.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)

    @property
    def _checkpoint(self) -> Path:
        return self._plan.run / "checkpoint.pt"

    def save(self) -> None:
        """Replace the checkpoint in one step. Raises ``NotFinite``, and keeps the old one, where a
        weight is not finite."""
        if self._rank != 0:
            return
        if not all(bool(torch.isfinite(p).all()) for p in self.network.parameters()):
            raise NotFinite(f"The weights are not finite at step {self.step}; nothing was saved.")
        state = {
            "step": self.step,
            "shape": self.network.shape.as_dict(),
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._checkpoint)

    def _resume(self) -> None:
        if not self._checkpoint.is_file():
            return
        state: dict[str, Any] = torch.load(self._checkpoint, weights_only=True)
        self.step = int(state["step"])
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _log(self, **values: float) -> None:
        """Write a line of JSON to the run's log and to the terminal."""
        if self._rank != 0:
            return
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps({"time": when, "step": self.step, **values})
        with (self._plan.run / "log.jsonl").open("a") as log:
            log.write(line + "\n")
        print(line, flush=True)  # noqa: T201  (progress of a command)


def _parts(spectrum: torch.Tensor) -> torch.Tensor:
    """Split complex (..., 2, frames, bins) into real and imaginary parts, (..., 2, 2, frames,
    bins)."""
    return torch.stack([spectrum.real, spectrum.imag], dim=-3)


def _gradients_averaged(network: nn.Module, processes: int) -> torch.Tensor:
    """Average the gradients over the processes, in place; returns them all as one vector."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    if processes > 1:
        distributed.all_reduce(flat)
        flat /= processes
        start = 0
        for gradient in gradients:
            gradient.copy_(flat[start : start + gradient.numel()].reshape(gradient.shape))
            start += gradient.numel()
    return flat


def describe(plan: TrainingPlan) -> dict[str, Any]:
    """The plan as plain values, for the model card."""
    return {key: str(value) for key, value in asdict(plan).items()}
