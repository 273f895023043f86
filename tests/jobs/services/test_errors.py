"""What each refusal of the services answers."""

import pytest

from jobs import errors
from separation.errors import SeparationError

STATUSES = {
    "JobConflict": 409,
    "SourceMissing": 409,
    "AccountClosed": 403,
    "TokenNameTaken": 409,
    "TooManyPasswords": 429,
    "UploadIncomplete": 400,
    "UploadBusy": 423,
    "OffsetMismatch": 409,
    "ChecksumMismatch": 460,
    "UploadGone": 404,
    "SiteBusy": 503,
    "UrlImportOff": 404,
    "UrlImportBusy": 503,
    "DemoUnavailable": 503,
    "ShareOff": 404,
    "MixBusy": 503,
    "MixFailed": 500,
    "ArtifactDamaged": 409,
    "NotComparable": 409,
}


def test_every_refusal_has_the_status_that_clients_rely_on() -> None:
    found = {
        name: getattr(error, "http_status", None)
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, SeparationError) and name in STATUSES
    }
    assert found == STATUSES


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (1.2, "2 s"), (60, "60 s"), (60.1, "2 min"), (3540, "59 min"), (3600, "60 min")],
)
def test_a_wait_is_told_no_shorter_than_it_is(seconds: float, words: str) -> None:
    assert errors.waiting_words(seconds) == words
    error = errors.TooManyPasswords.for_seconds(seconds)
    assert f"Try again in {words}," in error.detail and error.retry_after_s == seconds
