"""Which network addresses may be called, whoever wrote them. Pure: nothing is looked up here."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
"""Metadata services of AWS, Azure and Google (link-local), AWS over IPv6, Alibaba, Oracle."""


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also behind the IPv6 forms that carry an IPv4 one."""
    return all(a.is_global and not a.is_multicast for a in _meant(address))


def is_never_called(address: str) -> bool:
    """Link-local, unspecified, multicast and metadata addresses: no business system is there."""
    return any(a.is_link_local or a.is_unspecified or a.is_multicast or a in _METADATA for a in _meant(address))


def is_this_machine(address: str) -> bool:
    """Loopback, in any of its forms."""
    return any(a.is_loopback for a in _meant(address))


def _meant(address: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
    """The address, or the IPv4 address that an IPv6 one carries."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return (inner,)
    return (found,)
