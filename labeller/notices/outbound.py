"""Which addresses a webhook may reach. A manager writes them, the server opens them: so nobody may make it knock at its
own network's doors (server-side request forgery). Every address of the host's name is looked at, and the one that was
looked at is the one that is opened."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")

# What is said of an address: kept in English with a delivery, told in the page's language where it is shown.
ODD_LETTERS = gettext_noop("An address has no spaces and no letters outside ASCII.")
NO_ADDRESS = gettext_noop("This is not an address. It looks like https://example.org/hook.")
NO_HOST = gettext_noop("The address of a webhook begins with https:// and a host.")
HAS_USER = gettext_noop("Leave user and password out of the address.")
NO_TLS = gettext_noop(
    "Without TLS (http) %(host)s is not opened. The server's owner can allow it with LABELLER_WEBHOOK_HOSTS."
)
NOT_PUBLIC = gettext_noop(
    "%(host)s is %(address)s, which is not a public address. "
    "The server's owner can allow it with LABELLER_WEBHOOK_HOSTS."
)
REFUSALS = (ODD_LETTERS, NO_ADDRESS, NO_HOST, HAS_USER, NO_TLS, NOT_PUBLIC)


class AddressRefused(ValueError):
    """This address is not opened; the message is a sentence for the page."""


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str  # in lower case, without the brackets of an IPv6 address
    port: int
    path: str  # with its query
    is_allowed: bool  # named by the server's owner: may be private, may do without TLS


def parse(url: str, *, allowed: Sequence[str]) -> Target:
    """`allowed`: the owner's hosts, each as host or host:port. Raises AddressRefused."""
    if re.search(r"[\x00-\x20\x7f\\]", url) or not url.isascii():
        raise AddressRefused(ODD_LETTERS)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise AddressRefused(NO_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefused(NO_HOST)
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(HAS_USER)
    port = port or (443 if parts.scheme == "https" else 80)
    is_allowed = host in allowed or f"{host}:{port}" in allowed
    if parts.scheme == "http" and not is_allowed:
        raise AddressRefused(NO_TLS % {"host": host})
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, host, port, path, is_allowed)
    literal = _literal(host)
    if literal is not None:
        _check(target, literal)
    return target


def resolve(target: Target) -> str:
    """The IP address to open. Raises AddressRefused when any of the name's is not public, OSError when it has none."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(row[4][0]).split("%")[0]) for row in found]
    for address in addresses:
        _check(target, address)
    return str(addresses[0])


def is_public(address: Address) -> bool:
    """Reachable by everybody: not private, loopback, link-local, shared, reserved or multicast, nor a way around that
    through an IPv4 address inside an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None or (inner is not None and not is_public(inner)):
            return False
        if inner is not None:
            return True
    return address.is_global and not address.is_multicast


def _check(target: Target, address: Address) -> None:
    if not target.is_allowed and not is_public(address):
        raise AddressRefused(NOT_PUBLIC % {"host": target.host, "address": address})


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
