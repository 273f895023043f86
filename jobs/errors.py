"""Refusals of the services that the audio core knows nothing about; same root, same contract."""

import math
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


class AccountClosed(SeparationError):
    """Nothing new comes into an account that is closed, or is being deleted."""

    code = "account_closed"
    http_status: ClassVar[int] = 403


class TokenNameTaken(SeparationError):
    """The account has a token of this name that still works."""

    code = "conflict"
    http_status: ClassVar[int] = 409


class TooManyPasswords(SeparationError):
    """For one account, from one address; ``retry_after_s`` until the next may be tried."""

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
    """Another request holds the upload; it may be tried again in a moment."""

    code = "upload_busy"
    http_status: ClassVar[int] = 423


class OffsetMismatch(SeparationError):
    """The bytes sent do not continue those that have arrived."""

    code = "offset_mismatch"
    http_status: ClassVar[int] = 409


class ChecksumMismatch(SeparationError):
    """460 is the status that tus gives to this."""

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
    """This site fetches nothing from elsewhere."""

    code = "url_import_off"
    http_status: ClassVar[int] = 404


class UrlImportBusy(SeparationError):
    """As many songs as may be fetched at once are being fetched."""

    code = "url_import_busy"
    http_status: ClassVar[int] = 503


class DemoUnavailable(SeparationError):
    """The site cannot make its own song."""

    code = "demo_unavailable"
    http_status: ClassVar[int] = 503


class ShareOff(SeparationError):
    """This site makes no links for people without an account."""

    code = "share_off"
    http_status: ClassVar[int] = 404


class MixBusy(SeparationError):
    """As many mixes as may be made at once are being made."""

    code = "mix_busy"
    http_status: ClassVar[int] = 503


class MixFailed(SeparationError):
    """The process that makes mixes ended without a word; the log has what it said."""

    code = "mix_failed"
    http_status: ClassVar[int] = 500


class ArtifactDamaged(SeparationError):
    """A delivered file is gone, or not what it was when it was verified."""

    code = "artifact_damaged"
    http_status: ClassVar[int] = 409


class NotComparable(SeparationError):
    """Two results cannot be heard against each other."""

    code = "not_comparable"
    http_status: ClassVar[int] = 409


def waiting_words(seconds: float) -> str:
    """How long somebody has to wait, never less than it is."""
    if seconds <= 60:
        return f"{max(1, math.ceil(seconds))} s"
    return f"{math.ceil(seconds / 60)} min"
