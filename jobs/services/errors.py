"""Refusals of the services that the audio core knows nothing about; same root, same contract."""

from typing import ClassVar

from separation.errors import SeparationError


class JobConflict(SeparationError):
    """The job is not in a state that allows this; ``http_status`` is what an API answers."""

    code = "conflict"
    http_status: ClassVar[int] = 409


class SourceMissing(SeparationError):
    """The preserved input is no longer there."""

    code = "source_missing"
    http_status: ClassVar[int] = 409


class UrlImportOff(SeparationError):
    """This site fetches nothing from elsewhere."""

    code = "url_import_off"
    http_status: ClassVar[int] = 404


class UrlImportBusy(SeparationError):
    """As many songs as may be fetched at once are being fetched."""

    code = "url_import_busy"
    http_status: ClassVar[int] = 503
