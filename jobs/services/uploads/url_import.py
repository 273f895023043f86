"""Imports a song from an address: the site fetches it and receives it like an upload."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from jobs.errors import UrlImportBusy, UrlImportOff
from jobs.models import Batch, Job, Upload
from jobs.models.upload import UploadQuerySet
from jobs.services.job.create import submit_song
from jobs.services.job.request_validation import check_request
from jobs.services.quotas.reservation import reserve
from jobs.services.sources.receive_source import announced
from jobs.services.uploads.session import terminate
from separation.request.separation_request import SeparationRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from separation.net.url_download import Download

_lock = threading.Lock()
_fetching = 0


def takes_pages() -> bool:
    """Whether the import accepts pages that contain one song, which needs yt-dlp."""
    from separation.net.url_page import can_read_pages

    return bool(settings.URL_IMPORT) and can_read_pages()


def check_url_import() -> None:
    """Raises ``UrlImportOff`` unless the operator has enabled imports."""
    if not settings.URL_IMPORT:
        raise UrlImportOff("This site fetches no songs by their address. Upload the file instead.")


def import_song(
    *, owner: "User", url: str, request: SeparationRequest, batch: Batch | None = None
) -> Job:
    """Fetch the file at ``url`` and queue a job for it, in ``batch`` if given.

    Raises ``UrlImportOff``, ``UrlImportBusy``, and the errors of
    :func:`separation.net.url_download.fetching`, of the intake and of creating a job;
    ``UploadGone`` where the owner cancels it meanwhile. After an error nothing is left.
    """
    check_url_import()
    # Checked first, so that a refused request causes no download.
    check_request(request=request)
    with (
        reserve(owner=owner) as hold,
        _turn(),
        announced(owner=owner, name=_host(url), batch=batch) as upload,
        _download(url) as download,
    ):
        return submit_song(
            hold=hold,
            name=download.name,
            chunks=download.blocks,
            declared_size=download.size_bytes,
            request=request,
            batch=batch,
            upload=upload,
        )


def running_imports(owner: "User") -> UploadQuerySet:
    """The songs that the site fetches, or receives by a form, for ``owner`` at this moment."""
    return Upload.objects.unfinished().filter(owner=owner, is_resumable=False)


def cancel_imports(*, owner: "User") -> int:
    """Cancel them; returns how many there were. The request that fetches a song ends soon, and
    makes no job of it."""
    running = list(running_imports(owner))
    for upload in running:
        terminate(upload)
    return len(running)


def _host(url: str) -> str:
    """For the list of what is being fetched; the name of the song is not known yet."""
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""


def _download(url: str) -> "AbstractContextManager[Download]":
    # Imported here, as most pages need no HTTP client.
    from separation.net.url_download import DownloadLimits, fetching

    limits = DownloadLimits(
        max_bytes=settings.MAX_UPLOAD_BYTES,
        total_s=settings.URL_IMPORT_S,
        networks=tuple(settings.URL_IMPORT_NETWORKS),
    )
    return fetching(url, limits)


@contextmanager
def _turn() -> Iterator[None]:
    """Limit simultaneous imports, as each one occupies one of the few threads that serve pages.
    Raises ``UrlImportBusy``."""
    global _fetching
    with _lock:
        if _fetching >= settings.URL_IMPORTS_AT_ONCE:
            raise UrlImportBusy(
                "The site is fetching other songs at the moment. Try again in a minute, or "
                "download the file and upload it."
            )
        _fetching += 1
    try:
        yield
    finally:
        with _lock:
            _fetching -= 1
