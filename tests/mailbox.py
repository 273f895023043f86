"""A mail server for tests of the site's own process: what it gets lies in ``mail.outbox``."""

from django.core.mail.backends import locmem


class EmailBackend(locmem.EmailBackend):
    """Django's for tests, which the site takes for no mail server, under a name of its own."""
