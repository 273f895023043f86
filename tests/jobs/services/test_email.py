import pytest
from pytest_django.fixtures import Settings

from jobs.services.email import mail_is_set_up


@pytest.mark.parametrize(
    ("backend", "set_up"),
    [
        ("django.core.mail.backends.smtp.EmailBackend", True),
        ("django.core.mail.backends.filebased.EmailBackend", True),
        ("django.core.mail.backends.console.EmailBackend", False),
        ("django.core.mail.backends.dummy.EmailBackend", False),
        ("django.core.mail.backends.locmem.EmailBackend", False),
    ],
)
def test_mail_that_reaches_nobody_is_no_mail(
    settings: Settings, backend: str, set_up: bool
) -> None:
    settings.EMAIL_BACKEND = backend
    assert mail_is_set_up() is set_up
