"""All named errors of a job, each with a stable code and a plain sentence.

The ``code`` reaches the Stage row, the manifest, the API (``{"code", "detail"}``) and the page
unchanged, so codes are a public contract: add new ones, never rename one. The message of an
exception is written for the person who uploaded the song: what is wrong and what to do.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar


class SeparationError(Exception):
    """Root of all expected failures.

    ``retryable`` says whether the same work may succeed when tried again unchanged
    (a lost worker may; a corrupt file never does). ``details`` go into the stage's record in the
    manifest.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    details: Mapping[str, Any] = MappingProxyType({})

    @property
    def detail(self) -> str:
        """The sentence for people; never a traceback or a path of the server."""
        return str(self)


class FileUnavailable(SeparationError):
    """A file that does not exist, is no ordinary file, or cannot be read by this process."""

    code = "file_unavailable"


class UnsupportedFormat(SeparationError):
    code = "unsupported_format"


class CorruptAudio(SeparationError):
    code = "corrupt_audio"


class EmptyAudio(SeparationError):
    code = "empty_audio"


class TooLarge(SeparationError):
    code = "too_large"


class TooLong(SeparationError):
    code = "too_long"


class TooManyChannels(SeparationError):
    code = "too_many_channels"


class SampleRateOutOfRange(SeparationError):
    code = "sample_rate_out_of_range"


class QuotaExceeded(SeparationError):
    code = "quota_exceeded"


class InvalidOptions(SeparationError):
    """A separator, stage, stem, format or parameter that does not exist or is out of range."""

    code = "invalid_options"


class SuiteInvalid(SeparationError):
    """A folder without songs with true stems, or with songs that cannot be compared."""

    code = "suite_invalid"


class NotRepeatable(SeparationError):
    """A job that cannot run again exactly: another song, weights or version of a stage."""

    code = "not_repeatable"


class ModelUnavailable(SeparationError):
    code = "model_unavailable"


class LicenceRefused(SeparationError):
    """A model with a licence that the operator's rule excludes from this site."""

    code = "licence_refused"


class DecoderUnavailable(SeparationError):
    """The process that decodes cannot start: the installation is broken."""

    code = "decoder_unavailable"

    def __init__(
        self,
        detail: str = "The server cannot decode any file at the moment: its installation is "
        "damaged. Whoever runs it finds the reason in its log.",
    ) -> None:
        super().__init__(detail)


class OutOfMemory(SeparationError):
    code = "out_of_memory"
    retryable = True


class DeadlineExceeded(SeparationError):
    code = "deadline_exceeded"


class WorkerLost(SeparationError):
    code = "worker_lost"
    retryable = True


class RemoteFailed(SeparationError):
    code = "remote_failed"
    retryable = True


class InvalidUrl(SeparationError):
    """Text that is no address of something on http or https."""

    code = "invalid_url"


class UrlRefused(SeparationError):
    """An address inside a network, or one that does not answer. The error does not reveal which."""

    code = "url_refused"


class UrlFailed(SeparationError):
    """A server that answered without a file."""

    code = "url_failed"


class UrlIsPage(SeparationError):
    """The address of a page, where this site cannot search pages for songs."""

    code = "url_is_page"


class OutputInvalid(SeparationError):
    code = "output_invalid"


class DiskFull(SeparationError):
    code = "disk_full"


class StorageUnavailable(SeparationError):
    """The folder for results is not writable: because of its rights or a read-only disk."""

    code = "storage_unavailable"


class Cancelled(SeparationError):
    code = "cancelled"


class Internal(SeparationError):
    """An unexpected failure: the log has the traceback, the person gets one sentence."""

    code = "internal"


def _subclasses() -> dict[str, type[SeparationError]]:
    return {cls.code: cls for cls in SeparationError.__subclasses__()}


def error_from_code(code: str, detail: str) -> SeparationError:
    """Rebuild an error that crossed a process boundary as ``code`` and ``detail``.

    An unknown code becomes :class:`Internal`, with the code kept in the sentence.
    """
    cls = _subclasses().get(code)
    return cls(detail) if cls else Internal(f"{code}: {detail}")


def all_codes() -> tuple[str, ...]:
    """Every stable code, sorted; the API documentation is made from it."""
    return tuple(sorted(_subclasses()))
