"""Classification of IP addresses: public, or inside a private network."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All IPv6 addresses that are reachable from everywhere (RFC 4291, section 2.4)."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are the IPv4 address of the destination."""

_INSIDE = (
    # RFC 6890, protocol assignments; a cloud's metadata are at 192.0.0.192. Python before 3.11.10
    # considers most of it global.
    IPv4Network("192.0.0.0/24"),
    # Public by its number, but the host of a virtual machine in Azure answers there.
    IPv4Network("168.63.129.16/32"),
)


def is_public(address: Address) -> bool:
    """Whether ``address``, and an IPv4 address embedded in it, belongs to the public internet.

    Teredo, private networks, this machine, multicast and reserved addresses are not public.
    """
    if isinstance(address, IPv4Address):
        inside = any(address in network for network in _INSIDE)
        return address.is_global and not (inside or address.is_multicast or address.is_reserved)
    embedded = _embedded_ipv4(address)
    if embedded is not None:
        return is_public(embedded)
    is_global = address in _GLOBAL_UNICAST and address.is_global
    return is_global and (address.sixtofour is None or is_public(address.sixtofour))


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether ``address`` is public or in one of the ``allowed`` networks."""
    embedded = _embedded_ipv4(address) if isinstance(address, IPv6Address) else None
    return is_public(address) or any((embedded or address) in network for network in allowed)


def _embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that receives a packet to ``address``, if there is one."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped
