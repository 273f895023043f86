"""Whether the site can send an e-mail to an account, and if not, why."""

from typing import TYPE_CHECKING

from django.conf import settings

from separation.errors import InvalidOptions

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_NOWHERE = ("console", "dummy", "locmem")
"""Django's mail backends that deliver to nobody."""


def mail_is_set_up() -> bool:
    return str(settings.EMAIL_BACKEND).rsplit(".", 2)[-2] not in _NOWHERE


def notice_obstacle(owner: "User") -> str:
    """Why ``owner`` cannot get e-mail, as a sentence; empty where an e-mail can be sent.

    Only a confirmed address counts. The mail contains song names, which the user chooses freely,
    so an unconfirmed address would allow writing to strangers.
    """
    # Imported here, as allauth's models must be loaded after all others.
    from allauth.account.models import EmailAddress

    if not mail_is_set_up():
        return "This site sends no e-mail: whoever runs it has named no mail server."
    if not owner.email:
        return "Your account has no e-mail address."
    confirmed = EmailAddress.objects.filter(user=owner, email__iexact=owner.email, verified=True)
    return "" if confirmed.exists() else f"Your address {owner.email} is not confirmed yet."


def check_notice_possible(owner: "User") -> None:
    obstacle = notice_obstacle(owner)
    if obstacle:
        raise InvalidOptions(f"You cannot be told by e-mail. {obstacle}")
