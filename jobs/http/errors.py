"""Refusals that only a download knows; same root and contract as all others."""

from typing import ClassVar

from separation.errors import SeparationError


class AudioDeleted(SeparationError):
    """The manifest is kept for ever, the audio is not."""

    code = "audio_deleted"
    http_status: ClassVar[int] = 404


class TrackNotFound(SeparationError):
    code = "not_found"
    http_status: ClassVar[int] = 404
