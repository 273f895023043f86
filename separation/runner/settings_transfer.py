"""Passes settings to a runner: as JSON on its command line, secrets in its environment.

Every account of a machine can read the command lines of all processes, but only the environments of
its own processes.
"""

import os
from dataclasses import replace

from pydantic import TypeAdapter

from separation.settings import CoreSettings

_TOKEN = "STEMSITE_REMOTE_TOKEN"
_SETTINGS: TypeAdapter[CoreSettings] = TypeAdapter(CoreSettings)


def sent_settings(settings: CoreSettings) -> str:
    """All settings without secrets, for the command line."""
    without_secrets = replace(settings, remote=replace(settings.remote, token=""))
    return _SETTINGS.dump_json(without_secrets).decode()


def secret_environment(settings: CoreSettings) -> dict[str, str]:
    """The secrets, for the environment of the runner."""
    return {_TOKEN: settings.remote.token}


def received_settings(sent: str) -> CoreSettings:
    """The settings in the runner. The secrets are removed from the environment, so that no child
    process inherits them."""
    settings = _SETTINGS.validate_json(sent)
    token = os.environ.pop(_TOKEN, "")
    return replace(settings, remote=replace(settings.remote, token=token))
