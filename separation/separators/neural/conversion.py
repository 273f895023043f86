"""Converts a bag's networks in a child process, once.

A child process, because converting htdemucs takes 2.7 GB for a moment, and because a process that
only runs converted networks then imports no torch. Imports neither torch nor openvino.
"""

import json
import logging
import os
import subprocess
import sys
from typing import Any

from pydantic import TypeAdapter

from separation.base import SeparatorOptions
from separation.engine.converted import BagRecord, ConvertedBag
from separation.errors import error_from_code
from separation.progress import Report
from separation.separators.neural.stems import choose_stems
from separation.system.import_root import IMPORT_ROOT
from separation.system.process_tree import Movement

MESSAGE = "Preparing the model for this CPU (once)"
_BEAT_S = 0.2
"""Interval at which a cancel is checked."""

_log = logging.getLogger("engine")


class CannotConvert(Exception):
    """OpenVINO cannot run this bag here; torch may. The message is part of a sentence."""


def converted_bag(
    separator: str,
    options: SeparatorOptions,
    bag: ConvertedBag,
    report: Report,
) -> BagRecord:
    """Return the record of ``bag`` once every network that ``options`` need is on the disk.

    ``separator`` and ``options`` load the weights. Raises ``CannotConvert``, the named error with
    which loading the weights failed, and what ``report`` raises to cancel.
    """
    record = _usable(bag, options)
    if record is None:
        report(0.0, MESSAGE)
        _run_child(separator, options, bag, report)
        record = _usable(bag, options)
    if record is None:
        raise CannotConvert("the converted model cannot be read back")
    return record


def missing_networks(bag: ConvertedBag, record: BagRecord, options: SeparatorOptions) -> list[int]:
    """Indices of the networks that a requested stem needs and that are not converted yet."""
    stems = choose_stems(record.stems, options).computed
    return [
        index
        for index, network in enumerate(record.networks)
        if any(network.weights[stem] for stem in stems) and bag.network(index) is None
    ]


def _usable(bag: ConvertedBag, options: SeparatorOptions) -> BagRecord | None:
    record = bag.record()
    if record is None:
        return None
    if record.refusal:
        raise CannotConvert(record.refusal)
    return None if missing_networks(bag, record, options) else record


def _run_child(
    separator: str, options: SeparatorOptions, bag: ConvertedBag, report: Report
) -> None:
    """Convert the missing networks; ``report`` is called while the child makes progress."""
    task = {
        "separator": separator,
        "options": TypeAdapter(SeparatorOptions).dump_python(options, mode="json"),
        "cache_dir": str(bag.cache_dir),
        "weights_digest": bag.weights_digest,
        "code_version": bag.code_version,
        "parent": os.getpid(),
    }
    path = os.pathsep.join(filter(None, [str(IMPORT_ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "separation.separators.neural.conversion_child", json.dumps(task)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        answer = _answer_of(process, report)
    finally:
        # Also when ``report`` raised: a half-converted network is never read.
        process.kill()
        process.wait()
    _log.info("converting a model ended with %s", answer or process.returncode)
    if "error" in answer:
        raise error_from_code(answer["error"], str(answer.get("detail", "")))
    if "done" not in answer:
        raise CannotConvert(str(answer.get("failed", "its conversion was broken off")))


def _answer_of(process: "subprocess.Popen[bytes]", report: Report) -> dict[str, Any]:
    """The child's answer, one line of JSON; empty when it ended without one."""
    movement = Movement(process.pid)
    while True:
        try:
            output, _ = process.communicate(timeout=_BEAT_S)
        except subprocess.TimeoutExpired:
            # A child that is stuck must not be reported as progress.
            if movement.has_moved():
                report(0.0, MESSAGE)
            continue
        try:
            answer = json.loads(output)
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}
