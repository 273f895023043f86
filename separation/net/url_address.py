"""Validation of an http or https address that a person typed or a server sent."""

import httpx2

from separation.errors import InvalidUrl

MAX_REDIRECTS = 5
MAX_URL_CHARACTERS = 2_000
REDIRECTS = (301, 302, 303, 307, 308)


def checked_url(text: str) -> httpx2.URL:
    """Parse an address; raises ``InvalidUrl``. Its host is checked only on connecting, in
    :mod:`separation.net.public_http`."""
    try:
        url = httpx2.URL(text)
        usable = url.scheme in ("http", "https") and url.host and not url.userinfo
        usable = usable and (url.port is None or 0 < url.port < 65_536)
    except (ValueError, httpx2.InvalidURL):
        usable = False
    if not usable or len(text) > MAX_URL_CHARACTERS:
        raise InvalidUrl(
            "This is no address that can be fetched: it must begin with http:// or https:// and "
            f"have no name or password in it, nor more than {MAX_URL_CHARACTERS} characters."
        )
    return url
