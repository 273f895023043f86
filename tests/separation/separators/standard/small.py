"""The band-split network made small, saved as the repository has the real one."""

import json
from hashlib import sha256
from pathlib import Path

import torch
from safetensors.torch import save_file

from separation.separators.bandsplit.layout import STEMS
from separation.separators.bandsplit.network import BandSplitNetwork, Shape
from separation.separators.bandsplit.weights import FORMAT

SHAPE = Shape(bands=((4, 50), (2, 200)), width=8, hidden=8, band_hidden=4, head=8, dilations=(1, 2))


def save_small_bandsplit(folder: Path) -> Path:
    torch.manual_seed(5)
    network = BandSplitNetwork(SHAPE)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    path = folder / "bandsplit.safetensors"
    metadata = {"format": FORMAT, "stems": ",".join(STEMS), "shape": json.dumps(SHAPE.as_dict())}
    tensors = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, path, metadata=metadata)
    record = {"sha256": sha256(path.read_bytes()).hexdigest(), "trained_on": "noise", "steps": 0}
    path.with_suffix(".json").write_text(json.dumps(record))
    return path
