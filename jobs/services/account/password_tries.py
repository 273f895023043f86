"""How often a password may be tried: by everybody, at every door that asks for one.

A place is taken before the password is looked at and given back when it was right, so of any
number of tries at once no more are looked at than the limit allows. What closes is the pair of an
account and an address: who guesses closes the door for themselves only. Two slower brakes hold
over all addresses of an account and over all accounts of an address; an address from which the
account has logged in before is free of them, so that nobody can lock its owner out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from jobs.errors import TooManyPasswords
from jobs.services.rates import forget, give_back, is_remembered, parse_rate, remember, take

KNOWN_S = 90 * 24 * 3600.0
"""How long an address stays known to an account after a log-in."""

MOST_ACCOUNTS = 5
"""Of accounts that share an e-mail address, how many a password is tried on."""


@dataclass(frozen=True)
class Door:
    """``account``: the key of an account, or what was typed where there is none."""

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
    """Places that are taken until it is known how the try ended; a wrong password keeps them."""

    places: tuple[str, ...]

    def succeeded(self, door: Door) -> None:
        for key in self.places:
            give_back(key)
        welcome(door)


def begin(doors: Iterable[Door]) -> Attempt:
    """Take a place at each door. Raises ``TooManyPasswords`` where one is closed."""
    taken: list[str] = []
    try:
        for key, rate in _places(tuple(doors)):
            _take(key, rate)
            taken.append(key)
    except TooManyPasswords:
        for key in taken:
            give_back(key)
        raise
    return Attempt(tuple(taken))


def welcome(door: Door) -> None:
    """Its owner was there: nothing is held against this address, and it is known from now on."""
    forget(door.pair)
    remember(door.known, period_s=KNOWN_S)


def forgive(door: Door) -> None:
    """The owner proved to be it otherwise, as by a link in a mail."""
    welcome(door)
    forget(door.of_account)


def _places(doors: tuple[Door, ...]) -> list[tuple[str, str]]:
    """Keys and the rates that limit them; the pair comes last, so that who is stopped by a brake
    leaves no row of it."""
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
