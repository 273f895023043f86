"""Which address a request comes from, for limits."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

OWN_BITS = 64
"""Of an IPv6 address, what belongs to one connection: its owner can take any of the rest."""


def address_of(request: HttpRequest | None) -> str:
    """That of the visitor, also behind a proxy that is trusted. Of IPv6 the network only."""
    if request is None:
        return ""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR") if settings.TRUST_PROXY else None
    # The last is what the proxy wrote; those before it are the client's own words.
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
