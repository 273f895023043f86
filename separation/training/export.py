"""Exports the checkpoint of a training to the file that the separator loads."""

import json
from hashlib import file_digest
from pathlib import Path

import torch
from safetensors.torch import save_file

from separation.errors import ModelUnavailable
from separation.separators.bandsplit.layout import STEMS
from separation.separators.bandsplit.network import BandSplitNetwork, Shape
from separation.separators.bandsplit.weights import FORMAT, load


def export(run: Path, target: Path, *, trained_on: str) -> int:
    """Write the running mean of the weights in float16, and a record with their digest beside it,
    and load them once as a test. Returns the number of steps. Raises ``ModelUnavailable``."""
    checkpoint = run / "checkpoint.pt"
    if not checkpoint.is_file():
        raise ModelUnavailable(f"There is no checkpoint in {run}. Train first.")
    state = torch.load(checkpoint, weights_only=True)
    shape = Shape.from_dict(state["shape"])
    network = BandSplitNetwork(shape)
    network.load_state_dict(state["mean"])
    tensors = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise ModelUnavailable(f"The weights in {run} are not finite in float16.")
    steps = int(state["step"])
    metadata = {"format": FORMAT, "stems": ",".join(STEMS), "shape": json.dumps(shape.as_dict())}
    save_file(tensors, target, metadata=metadata)
    target.chmod(0o644)  # safetensors creates files that only the owner can read
    with target.open("rb") as file:
        sha256 = file_digest(file, "sha256").hexdigest()
    record = {"sha256": sha256, "trained_on": trained_on, "steps": steps}
    target.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    load(target)
    return steps
