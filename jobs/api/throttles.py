"""Limits on what is dear, whichever way it is asked for: the pages use them too."""

from rest_framework.throttling import UserRateThrottle


class ExportThrottle(UserRateThrottle):
    scope = "export"


class PasswordThrottle(UserRateThrottle):
    """Of one account, whatever session or address the guesses come from."""

    scope = "password"
