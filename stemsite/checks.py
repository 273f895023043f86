"""A system check of environment variables that no setting reads."""

import difflib
import os
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register

from stemsite.env import VARIABLES


@register(Tags.compatibility)
def check_names(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    odd = [name for name in os.environ if name.startswith("STEMSITE_") and name not in VARIABLES]
    return [
        Warning(
            f"{name} is set, and there is no such setting.",
            hint=_did_you_mean(name),
            id="stemsite.W004",
        )
        for name in sorted(odd)
    ]


def _did_you_mean(name: str) -> str:
    near = difflib.get_close_matches(name, VARIABLES, n=1)
    return f"Did you mean {near[0]}?" if near else "docs/settings.md lists all of them."
