"""Errors of the services. They share the root class and the contract of ``separation.errors``."""

import math
from typing import ClassVar

from separation.errors import SeparationError


class JobConflict(SeparationError):
    """The job's state does not allow the action. ``http_status`` is the status that an API
    answers with."""

    code = "conflict"
    http_status: ClassVar[int] = 409


class SourceMissing(SeparationError):
    """The preserved input is no longer there."""

    code = "source_missing"
    http_status: ClassVar[int] = 409


class AccountClosed(SeparationError):
    """The account is closed or is being deleted, so it accepts nothing new."""

    code = "account_closed"
    http_status: ClassVar[int] = 403


class TokenNameTaken(SeparationError):
    """The account has a token of this name that still works."""

    code = "conflict"
    http_status: ClassVar[int] = 409


class SetListNameTaken(SeparationError):
    """The account has another set list of this name."""

    code = "conflict"
    http_status: ClassVar[int] = 409


class SetListFull(SeparationError):
    """A set list would hold more songs than one may."""

    code = "set_list_full"
    http_status: ClassVar[int] = 409


class TooManyPasswords(SeparationError):
    """Too many wrong passwords came from one address for one account. The next try is allowed
    after ``retry_after_s`` seconds."""

    code = "too_many_passwords"
    http_status: ClassVar[int] = 429

    retry_after_s: float = 60.0

    @classmethod
    def for_seconds(cls, retry_after_s: float) -> "TooManyPasswords":
        error = cls(
            f"Too many wrong passwords. Try again in {waiting_words(retry_after_s)}, or reset the "
            "password by e-mail."
        )
        error.retry_after_s = retry_after_s
        return error


class UploadIncomplete(SeparationError):
    """The connection ended before the body did."""

    code = "upload_incomplete"
    http_status: ClassVar[int] = 400


class UploadBusy(SeparationError):
    """Another request holds the upload. The client may try again in a moment."""

    code = "upload_busy"
    http_status: ClassVar[int] = 423


class OffsetMismatch(SeparationError):
    """The bytes sent do not continue those that have arrived."""

    code = "offset_mismatch"
    http_status: ClassVar[int] = 409


class ChecksumMismatch(SeparationError):
    """The bytes do not match their checksum. The tus protocol defines status 460 for this case."""

    code = "checksum_mismatch"
    http_status: ClassVar[int] = 460


class UploadGone(SeparationError):
    code = "not_found"
    http_status: ClassVar[int] = 404


class SiteBusy(SeparationError):
    """Every place for an upload is taken."""

    code = "busy"
    http_status: ClassVar[int] = 503


class UrlImportOff(SeparationError):
    """The operator has not enabled imports from addresses."""

    code = "url_import_off"
    http_status: ClassVar[int] = 404


class UrlImportBusy(SeparationError):
    """The limit on simultaneous imports is reached."""

    code = "url_import_busy"
    http_status: ClassVar[int] = 503


class DemoUnavailable(SeparationError):
    """The site cannot create the demonstration song."""

    code = "demo_unavailable"
    http_status: ClassVar[int] = 503


class ShareOff(SeparationError):
    """The operator has disabled links for people without an account."""

    code = "share_off"
    http_status: ClassVar[int] = 404


class MixBusy(SeparationError):
    """The limit on simultaneous mixes is reached."""

    code = "mix_busy"
    http_status: ClassVar[int] = 503


class MixFailed(SeparationError):
    """The mixing process ended without a result. The log has its error output."""

    code = "mix_failed"
    http_status: ClassVar[int] = 500


class ArtifactDamaged(SeparationError):
    """A delivered file is missing, or its content has changed since it was verified."""

    code = "artifact_damaged"
    http_status: ClassVar[int] = 409


class NotComparable(SeparationError):
    """Two results cannot be compared by ear."""

    code = "not_comparable"
    http_status: ClassVar[int] = 409


def waiting_words(seconds: float) -> str:
    """The waiting time in words, rounded up."""
    if seconds <= 60:
        return f"{max(1, math.ceil(seconds))} s"
    return f"{math.ceil(seconds / 60)} min"
