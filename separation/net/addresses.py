"""Which internet addresses are public, and which lie inside some network."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out to be reached from everywhere (RFC 4291, section 2.4)."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are the IPv4 address that is meant."""

_INSIDE = (
    # RFC 6890, protocol assignments; a cloud's metadata are at 192.0.0.192. Python before 3.11.10
    # takes most of it for global.
    IPv4Network("192.0.0.0/24"),
    # Public by its number, yet what answers there is the host of a virtual machine in Azure.
    IPv4Network("168.63.129.16/32"),
)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may be meant by it, also by an IPv4 address inside it.

    Teredo, private networks, this machine, multicast and whatever is reserved are not public.
    """
    if isinstance(address, IPv4Address):
        inside = any(address in network for network in _INSIDE)
        return address.is_global and not (inside or address.is_multicast or address.is_reserved)
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    usual = address in _GLOBAL_UNICAST and address.is_global
    return usual and (address.sixtofour is None or is_public(address.sixtofour))


def may_be_asked(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether ``address`` is public or in one of the ``allowed`` networks."""
    carried = _carried(address) if isinstance(address, IPv6Address) else None
    return is_public(address) or any((carried or address) in network for network in allowed)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The address that a packet to ``address`` ends at, where that is one of IPv4."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped
