"""What names the output of a routed job, kept from attempt to attempt."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from separation.settings import RouteName
from separation.storage.atomic_files import write_durably


class _RouteRecord(BaseModel):
    """What an attempt at the job decided; ``question``: all that was asked."""

    question: dict[str, Any]
    route: RouteName
    material: dict[str, Any]


def recorded_material(
    file: Path, *, route: RouteName, question: dict[str, Any], material: dict[str, Any]
) -> dict[str, Any]:
    """What names the output of a job, also when a later attempt would take another route.

    Otherwise a service that comes back, or a card that became free, would make finished work be
    done again. With other weights it is done again.
    """
    try:
        before = _RouteRecord.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        before = None
    if before is not None and before.question == question and before.route != route:
        digests = {before.material.get("weights_digest"), material.get("weights_digest")}
        if len(digests - {""}) < 2:
            return before.material
    settled = _RouteRecord(question=question, route=route, material=material)
    if settled != before:
        write_durably(file, settled.model_dump_json().encode())
    return material
