"""Passwords: the limit of tries, and the end of API tokens after a change."""

import logging
import smtplib
from functools import partial
from typing import TYPE_CHECKING, Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.http.visitors import address_of
from jobs.services.account import password_limits
from jobs.services.account.language import language_for
from jobs.services.account.password_limits import MOST_ACCOUNTS, Door
from jobs.services.account.tokens import end_tokens

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_log = logging.getLogger("stemsite.passwords")


class LimitedBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """allauth's backend for names and e-mail addresses, with a limit of tries.

    Raises ``TooManyPasswords``, also for an unknown name, so that the error reveals no account.
    """

    def authenticate(
        self, request: HttpRequest | None, **credentials: Any
    ) -> AbstractBaseUser | None:
        logins = [str(credentials[key]) for key in ("username", "email") if credentials.get(key)]
        if not logins or not credentials.get("password"):
            return None
        attempt = password_limits.begin(_doors(request, logins))
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            attempt.succeeded(door_of(request, user))
        return user

    def get_user(self, user_id: Any) -> AbstractBaseUser | None:
        """As Django's, with the preferences that every page needs."""
        accounts = get_user_model()._default_manager.select_related("preferences")
        user = accounts.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def _authenticate_by_email(self, email: str, password: str) -> AbstractBaseUser | None:
        # Only a few accounts: each check is a slow digest, and anybody may sign up with another
        # person's address.
        for user in _accounts_with_address(email):
            if self._check_password(user, password):
                return user
        return None


def door_of(request: HttpRequest | None, user: AbstractBaseUser) -> Door:
    return Door(address_of(request), f"account {user.pk}")


def _doors(request: HttpRequest | None, logins: list[str]) -> list[Door]:
    """One door for each matching account, so that a name and its address count together."""
    found = {user.pk: user for login in logins for user in _matching_accounts(login)}
    if found:
        return [door_of(request, user) for user in found.values()]
    return [Door(address_of(request), f"nobody {logins[0].strip().lower()}")]


def _matching_accounts(login: str) -> list[AbstractBaseUser]:
    named = get_user_by_username(login)
    return _accounts_with_address(login) + ([named] if named is not None else [])


def _accounts_with_address(email: str) -> list[AbstractBaseUser]:
    """Accounts with this address, oldest first; only those that confirmed it, if there are any."""
    users = filter_users_by_email(email, prefer_verified=True, for_login=True)
    return sorted(users, key=lambda user: int(user.pk))[:MOST_ACCOUNTS]


class EndsTokens:
    """Ends the API tokens of an account when its password changes.

    It is a validator, as Django notifies validators of every change: on the site, by a link in a
    mail, on the administration pages and on the command line.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Accepts every password."""

    def get_help_text(self) -> str:
        return _("A new password ends all API tokens of the account.")

    def password_changed(self, password: str, user: "User") -> None:
        ended = end_tokens(owner=user)
        # Setting the password of a new account is no change, and sends no mail.
        if user.email and (ended or user.last_login is not None):
            transaction.on_commit(partial(_send_notice, user, ended), robust=True)


def _send_notice(user: "User", ended: int) -> None:
    context = {
        "user": user,
        "ended": ended,
        "at": timezone.now(),
        "site": settings.PUBLIC_URL.rstrip("/"),
    }
    with language_for(user):
        message = EmailMessage(
            subject=settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + _("Your password was changed"),
            body=render_to_string("account/mail/password_changed.txt", context),
            to=[user.email],
            headers={"Auto-Submitted": "auto-generated"},
        )
    try:
        message.send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        # The password itself has been changed.
        _log.warning(
            "no e-mail about the new password could be sent to account %s: %s", user.pk, error
        )
