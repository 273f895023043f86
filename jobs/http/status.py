"""The HTTP status of an expected error: one table for pages and API."""

from separation.errors import SeparationError

STATUSES = {
    "corrupt_audio": 400,
    "empty_audio": 400,
    "invalid_options": 400,
    "invalid_url": 400,
    "licence_refused": 400,
    "sample_rate_out_of_range": 400,
    "too_long": 400,
    "too_many_channels": 400,
    "url_is_page": 400,
    "url_refused": 400,
    "not_repeatable": 409,
    "too_large": 413,
    "unsupported_format": 415,
    "quota_exceeded": 429,
    "url_failed": 502,
    "deadline_exceeded": 503,
    "decoder_unavailable": 503,
    "disk_full": 503,
    "model_unavailable": 503,
    "out_of_memory": 503,
}
"""Statuses of the core's codes. Errors of ``jobs`` have ``http_status``; other codes are 500."""


def status_of(error: SeparationError) -> int:
    """The HTTP status of an expected error."""
    own = getattr(error, "http_status", None)
    return own if isinstance(own, int) else STATUSES.get(error.code, 500)
