"""The network address of a visitor, for rate limits."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

OWN_BITS = 64
"""The prefix of an IPv6 address that counts: a customer can use any address of a /64."""


def address_of(request: HttpRequest | None) -> str:
    """The visitor's address, also behind a trusted proxy; for IPv6 the /64 network."""
    if request is None:
        return ""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR") if settings.TRUST_PROXY else None
    # The proxy wrote the last address; the client may have invented those before it.
    address = str(forwarded).rpartition(",")[2] if forwarded else request.META.get("REMOTE_ADDR")
    return _network(str(address or "").strip())


def _network(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> OWN_BITS << OWN_BITS))
