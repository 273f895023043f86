"""Limits how often a password may be tried, at log-in and wherever else the site requires one.

A try is counted before the password is checked, and the count is given back when the password was
right. So of any number of simultaneous tries no more are checked than the limit allows. The main
limit counts the pair of an account and an address, so an attacker only locks out their own
address. Two higher limits count all addresses of an account and all accounts of an address. They
do not apply to an address from which the account has logged in before, so that nobody can lock out
its owner.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from jobs.errors import TooManyPasswords
from jobs.services.rates import forget, give_back, is_remembered, parse_rate, remember, take

KNOWN_S = 90 * 24 * 3600.0
"""How long an address stays known for an account after a log-in."""

MOST_ACCOUNTS = 5
"""How many of the accounts that share an e-mail address a password is tried on."""


@dataclass(frozen=True)
class Door:
    """The pair of an address and an account. ``account``: the key of the account, or the typed
    name where there is none."""

    address: str
    account: str

    @property
    def pair(self) -> str:
        return f"password {self.address} {self.account}"

    @property
    def of_account(self) -> str:
        return f"password of {self.account}"

    @property
    def of_address(self) -> str:
        return f"password from {self.address}"

    @property
    def known(self) -> str:
        return f"logged in {self.address} {self.account}"


@dataclass(frozen=True)
class Attempt:
    """The counts of one try. A right password gives them back; a wrong one keeps them."""

    places: tuple[str, ...]

    def succeeded(self, door: Door) -> None:
        for key in self.places:
            give_back(key)
        record_login(door)


def begin(doors: Iterable[Door]) -> Attempt:
    """Count a try at each door. Raises ``TooManyPasswords`` where a limit is reached."""
    taken: list[str] = []
    try:
        for key, rate in _keys(tuple(doors)):
            _take(key, rate)
            taken.append(key)
    except TooManyPasswords:
        for key in taken:
            give_back(key)
        raise
    return Attempt(tuple(taken))


def record_login(door: Door) -> None:
    """Record a log-in: clear the count of this pair, and make the address known."""
    forget(door.pair)
    remember(door.known, period_s=KNOWN_S)


def clear_failures(door: Door) -> None:
    """Clear the counts after the owner has proved their identity in another way, for example by a
    link in an e-mail."""
    record_login(door)
    forget(door.of_account)


def _keys(doors: tuple[Door, ...]) -> list[tuple[str, str]]:
    """The keys to count and their rates. The pair comes last, so that a try that another limit
    refuses does not add a row for the pair."""
    pairs = [(door.pair, settings.RATE_LOGIN) for door in doors]
    if is_remembered(*(door.known for door in doors)):
        return pairs
    addresses = dict.fromkeys(door.of_address for door in doors)
    return [
        *((key, settings.RATE_LOGIN_ADDRESS) for key in addresses),
        *((door.of_account, settings.RATE_LOGIN_ACCOUNT) for door in doors),
        *pairs,
    ]


def _take(key: str, rate: str) -> None:
    limit, period_s = parse_rate(rate)
    if wait_s := take(key, limit=limit, period_s=period_s):
        raise TooManyPasswords.for_seconds(wait_s)
