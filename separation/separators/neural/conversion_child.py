"""The process that converts a bag's networks; run it with ``python -m``.

Its argument is the task as JSON (see :mod:`separation.separators.neural.conversion`). Its answer is
one line of JSON: ``done``; or ``error`` and ``detail`` where the weights cannot be loaded; or
``failed`` with part of a sentence where OpenVINO cannot convert them.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from separation.base import SeparatorOptions
from separation.engine.converted import BagRecord, ConvertedBag, NetworkRecord
from separation.errors import SeparationError
from separation.progress import ignore_progress
from separation.registry import SeparatorFactory
from separation.separators.neural.bags import LoadedBag
from separation.separators.neural.conversion import missing_networks
from separation.separators.neural.separator import NeuralSeparator
from separation.system.processes import end_with_parent

Convert = Callable[[Any, Path], None]
"""Writes a network to a file."""


def main(task: dict[str, Any]) -> dict[str, Any]:
    """Convert the missing networks and return the answer."""
    options = TypeAdapter(SeparatorOptions).validate_python(task["options"])
    bag = ConvertedBag(Path(task["cache_dir"]), task["weights_digest"], task["code_version"])
    try:
        # The record serves every window that a request may have.
        loader = SeparatorFactory.separator_class(task["separator"])(
            replace(options, segment_s=None, engine="torch", offline=True)
        )
        assert isinstance(loader, NeuralSeparator)
        loaded = loader.load_bag(ignore_progress)
        if loaded.weights_digest != bag.weights_digest:
            return {"failed": "its weights were replaced meanwhile"}
        _store(bag, loaded, options)
    except SeparationError as error:
        return {"error": error.code, "detail": error.detail}
    except OSError as error:
        logging.getLogger("engine").exception("a converted model was not written")
        return {"failed": f"the converted model cannot be written ({error.strerror})"}
    except Exception as error:
        # OpenVINO's converter may raise any exception; torch then runs the network.
        logging.getLogger("engine").exception("a network was not converted")
        return {"failed": f"its conversion failed ({type(error).__name__})"}
    return {"done": True}


def _store(bag: ConvertedBag, loaded: LoadedBag, options: SeparatorOptions) -> None:
    record, convert = _masks_plan(loaded) or _hybrid_plan(loaded)
    bag.sweep()
    bag.store_record(record)
    if not record.refusal:
        for index in missing_networks(bag, record, options):
            bag.store_network(index, partial(convert, loaded.networks[index].module))


def _masks_plan(loaded: LoadedBag) -> tuple[BagRecord, Convert] | None:
    """``None`` where not all networks mask a spectrogram."""
    from separation.engine.spectrogram.convert import convert_masks
    from separation.engine.spectrogram.layout import FRAMES, WINDOW
    from separation.engine.spectrogram.network import MaskNetwork

    if not all(isinstance(network.module, MaskNetwork) for network in loaded.networks):
        return None
    networks = tuple(
        NetworkRecord(
            frames=FRAMES, stft_window=WINDOW, segment_frames=FRAMES, weights=network.weights
        )
        for network in loaded.networks
    )
    return _record(loaded, networks, 0.0), convert_masks


def _hybrid_plan(loaded: LoadedBag) -> tuple[BagRecord, Convert]:
    from separation.engine.convert import convert, refusal, window_frames

    modules = [network.module for network in loaded.networks]
    if reason := next(filter(None, map(refusal, modules)), ""):
        return BagRecord(refusal=reason), convert
    networks = tuple(
        NetworkRecord(
            frames=window_frames(network.module),
            stft_window=int(network.module.nfft),
            segment_frames=network.segment_frames,
            weights=network.weights,
            draws_below=network.draws_below,
        )
        for network in loaded.networks
    )
    return _record(loaded, networks, float(min(module.segment for module in modules))), convert


def _record(
    loaded: LoadedBag, networks: tuple[NetworkRecord, ...], max_segment_s: float
) -> BagRecord:
    return BagRecord(
        stems=loaded.stems,
        sample_rate_hz=loaded.sample_rate_hz,
        channels=loaded.channels,
        max_segment_s=max_segment_s,
        networks=networks,
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    # Output of libraries must not get into the answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    conversion_task = json.loads(sys.argv[1])
    end_with_parent(parent=conversion_task["parent"])
    os.write(answers, json.dumps(main(conversion_task)).encode())
