"""Records which route decided the key of a job, for later attempts."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from separation.settings import RouteName
from separation.storage.atomic_files import write_durably


class _RouteRecord(BaseModel):
    """The file's content. ``question``: the request; ``material``: what identifies the output."""

    question: dict[str, Any]
    route: RouteName
    material: dict[str, Any]


def recorded_material(
    file: Path, *, route: RouteName, request: dict[str, Any], material: dict[str, Any]
) -> dict[str, Any]:
    """What identifies the output of a job: that of an earlier attempt on another route, if any.

    So finished work is not repeated when a service comes back or a card becomes free. With other
    weights it is repeated.
    """
    try:
        before = _RouteRecord.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        before = None
    if before is not None and before.question == request and before.route != route:
        digests = {before.material.get("weights_digest"), material.get("weights_digest")}
        if len(digests - {""}) < 2:
            return before.material
    record = _RouteRecord(question=request, route=route, material=material)
    if record != before:
        write_durably(file, record.model_dump_json().encode())
    return material
