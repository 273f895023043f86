"""Limits that apply while the files of a form arrive."""

import shutil

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from separation.errors import DiskFull


class SizeLimitHandler(FileUploadHandler):
    """Drops a file as soon as it passes the size limit and remembers its name.

    Without it Django would write any number of bytes to its temporary folder before a view runs.
    """

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.refused: list[str] = []
        self._received = 0

    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._received += len(raw_data)
        if self._received > settings.MAX_UPLOAD_BYTES:
            self.refused.append(self.file_name or "")
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def body_size(request: HttpRequest) -> int:
    """The Content-Length of the request; 0 where it is missing or no number."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdigit() else 0


def largest_body() -> int:
    """The largest body: as many files as Django accepts, each of the largest size."""
    return settings.MAX_UPLOAD_BYTES * (settings.DATA_UPLOAD_MAX_NUMBER_FILES or 1)


def guard_body(request: HttpRequest) -> SizeLimitHandler:
    """Install the limits before anything reads the body.

    Raises ``DiskFull`` if the announced body would leave less free space than MIN_FREE_BYTES.
    """
    free = shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free
    if body_size(request) > free - settings.MIN_FREE_BYTES:
        raise DiskFull(
            "The server's disk has no room for this upload. Try again later, or ask whoever runs "
            "the site to make space."
        )
    handler = SizeLimitHandler(request)
    request.upload_handlers.insert(0, handler)
    return handler
