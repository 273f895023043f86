"""Loads a model on disk into a network with its weights. Imports torch: for a runner only."""

import errno
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.engine.chunked import Plan
from separation.engine.overlap_add import trapezium
from separation.errors import DiskFull, ModelUnavailable
from separation.progress import Report
from separation.separator_options import check_segment
from separation.separators.msst.checkpoint import State, read_state
from separation.separators.msst.network import StemNetwork, build_network, fill
from separation.separators.neural.bags import LoadedBag, Network
from separation.separators.own_models.converted_weights import KeptWeights
from separation.separators.own_models.definition import Definition, read_definition
from separation.separators.own_models.folders import OwnModel
from separation.storage.atomic_files import FileDigest, digest_of, sync


@dataclass(frozen=True)
class _Digests:
    """``weights``: of the safetensors file. ``source``: of the checkpoint that was converted."""

    weights: FileDigest
    source: FileDigest | None


def load_model(
    model: OwnModel, model_dir: Path, segment_s: float | None, report: Report
) -> LoadedBag:
    """Load the model on the CPU; converts its checkpoint where that was not done yet.

    Raises ``ModelUnavailable``, ``InvalidOptions`` for a window that is too long, ``DiskFull``, or
    what ``report`` raises.
    """
    assert model.definition is not None
    definition = read_definition(model.definition, model.card.model_type)
    frames = _window_frames(model.name, definition, segment_s)
    network, digests = _loaded(definition, model, model_dir, report)
    yaml_digest = digest_of(model.definition).sha256
    stride = max(frames // definition.overlap, 1)
    stems = definition.stems
    return LoadedBag(
        model=model.name,
        stems=stems,
        sample_rate_hz=SAMPLE_RATE_HZ,
        channels=CHANNELS,
        weights_digest=sha256(f"{digests.weights.sha256}\n{yaml_digest}".encode()).hexdigest(),
        networks=(
            Network(
                StemNetwork(network, definition),
                (1.0,) * len(stems),
                segment_frames=frames,
                fixed_frames=frames,
            ),
        ),
        plan=Plan(
            SAMPLE_RATE_HZ,
            weight=trapezium,
            stride_frames=stride,
            mirror_frames=frames - stride,
        ),
        normalised=definition.normalised,
        source_digest=digests.source.sha256 if digests.source else None,
    )


def _window_frames(name: str, definition: Definition, segment_s: float | None) -> int:
    check_segment(name, segment_s, definition.chunk_s)
    if segment_s is None:
        return definition.chunk_frames
    frames = max(int(segment_s * SAMPLE_RATE_HZ), 1)
    definition.check_window(frames)
    return frames


def _loaded(
    definition: Definition, model: OwnModel, model_dir: Path, report: Report
) -> tuple[torch.nn.Module, _Digests]:
    """The network with its weights. Weights are stored only after the network has loaded them."""
    (path,) = model.weights
    kept = KeptWeights(model_dir, path)
    digest, source = kept.weights(), kept.source()
    if digest is not None and source is not None:
        _check_declared(model, source)
        return _network_with(definition, read_state(kept.path)), _Digests(digest, source)
    report(0.0, f"Reading {path.name}")
    source = digest_of(path, lambda: report(0.0, f"Reading {path.name}"))
    _check_declared(model, source)
    # No variable keeps the weights, because they are large.
    network = _network_with(definition, read_state(path))
    if path.suffix == ".safetensors":
        return network, _Digests(source, None)
    return network, _Digests(_store(kept, network, source), source)


def _network_with(definition: Definition, state: State) -> torch.nn.Module:
    network = build_network(definition, state)
    fill(network, state)
    return network


def _check_declared(model: OwnModel, source: FileDigest) -> None:
    if model.card.sha256 not in (None, source.sha256):
        raise ModelUnavailable(
            f"The checkpoint of {model.name} is not the one that its card names: its SHA-256 is "
            f"{source.sha256}. Fetch it again, or correct the card."
        )


def _store(kept: KeptWeights, network: torch.nn.Module, source: FileDigest) -> FileDigest:
    """Store the weights as safetensors; a failure leaves no file."""
    try:
        kept.folder.mkdir(parents=True, exist_ok=True)
        return _write(kept, _unshared(network.state_dict()), source)
    except (OSError, SafetensorError) as error:
        raise _storage_error(error) from error


def _write(kept: KeptWeights, state: State, source: FileDigest) -> FileDigest:
    temporary = kept.path.with_name(f".{kept.path.name}.{os.getpid()}.tmp")
    try:
        save_file(state, temporary)
        sync(temporary)
        digest = digest_of(temporary)
        kept.remember(source, digest)
        temporary.replace(kept.path)
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def _unshared(state: State) -> State:
    """Copy weights that share memory, because safetensors cannot store shared memory."""
    seen: set[int] = set()
    apart: State = {}
    for name, value in state.items():
        place = value.data_ptr()
        apart[name] = value.clone() if place in seen else value.contiguous()
        seen.add(place)
    return apart


def _storage_error(error: OSError | SafetensorError) -> DiskFull | ModelUnavailable:
    # The error of safetensors about a full disk holds the system's message but no errno.
    reason = str(getattr(error, "strerror", None) or error).rstrip(".")
    if getattr(error, "errno", None) == errno.ENOSPC or os.strerror(errno.ENOSPC) in reason:
        return DiskFull("There is no room on the disk for the converted weights of the model.")
    return ModelUnavailable(
        f"The converted weights cannot be kept in STEMSITE_MODEL_DIR: {reason}. "
        "Make it writable for the worker."
    )
