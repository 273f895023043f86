"""The site's adapter of allauth: sign-up, passwords and mails."""

import logging
import smtplib
from contextlib import nullcontext
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from jobs.errors import TooManyPasswords
from jobs.http.addresses import site_address
from jobs.http.visitors import address_of
from jobs.sentences import translated
from jobs.services.account.language import language_for
from jobs.services.account.password_limits import clear_failures
from stemsite.passwords import door_of

_log = logging.getLogger("stemsite.accounts")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        # A name with @ could be another person's address, and sign-up would reveal that it exists.
        if "@" in username:
            raise ValidationError(_("A user name holds no @: an e-mail address has its own field."))
        return str(super().clean_username(username, shallow=shallow))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        try:
            user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        except TooManyPasswords as refused:
            raise ValidationError(translated(refused.detail)) from None
        return user

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        super().set_password(user, password)
        # The person has proved to be the owner, by the old password or by a link in a mail.
        clear_failures(door_of(context.request, user))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        user = context.get("user")
        with language_for(user) if user is not None else nullcontext():
            super().send_mail(
                template_prefix, email, {**context, **_site_context(self.request, context)}
            )

    def send_notification_mail(
        self, template_prefix: str, user: AbstractBaseUser, *args: Any, **kwargs: Any
    ) -> None:
        if "/password_" in template_prefix:
            return  # `EndsTokens` sends the mail about every change of a password
        try:
            super().send_notification_mail(template_prefix, user, *args, **kwargs)
        except (OSError, smtplib.SMTPException) as error:
            # The change itself has happened.
            _log.warning("no e-mail could be sent to account %s: %s", user.pk, error)


class _Site:
    """The site's name in mails, in place of the request's Host header."""

    def __init__(self, domain: str) -> None:
        self.name, self.domain = settings.SITE_NAME, domain


def _site_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The addresses in ``context`` below the site's own address, and the site's name."""
    urls = {key: url for key, url in context.items() if key.endswith("_url") and url}
    own_urls = {key: site_address(request, urlsplit(url).path) for key, url in urls.items()}
    if not settings.SIGNUP_OPEN:
        own_urls["signup_url"] = ""
    return {**own_urls, "current_site": _Site(site_address(request, "/"))}
