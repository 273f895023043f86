"""How a runner gets its settings: as JSON on its command line, but secrets in its environment.

Everybody on a machine can read the command lines of all processes; the environment of a process is
for its own account.
"""

import os
from dataclasses import replace

from pydantic import TypeAdapter

from separation.settings import CoreSettings

_TOKEN = "STEMSITE_REMOTE_TOKEN"
_SETTINGS: TypeAdapter[CoreSettings] = TypeAdapter(CoreSettings)


def told_settings(settings: CoreSettings) -> str:
    """For the command line: everything but what is secret."""
    open_part = replace(settings, remote=replace(settings.remote, token=""))
    return _SETTINGS.dump_json(open_part).decode()


def secret_environment(settings: CoreSettings) -> dict[str, str]:
    """For the environment of the runner."""
    return {_TOKEN: settings.remote.token}


def received_settings(told: str) -> CoreSettings:
    """In the runner. The secret leaves the environment, so that no child of its own has it."""
    settings = _SETTINGS.validate_json(told)
    token = os.environ.pop(_TOKEN, "")
    return replace(settings, remote=replace(settings.remote, token=token))
