"""The set of all connections, and the choice of the one that gives way."""

from collections.abc import Iterable, Iterator

from stemsite.gateway.client import Client
from stemsite.gateway.limits import Limits


class Connections:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: set[Client] = set()
        self._by_key: dict[str, set[Client]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Client]:
        return iter(tuple(self._all))

    def admit(self, client: Client) -> bool:
        """Add a connection; False if there is no room for it.

        Another connection may give way: one of the same address if that address has its share, or
        one of any address if all places are taken.
        """
        same = self._by_key.get(client.key, set()) if client.key else set()
        if len(same) >= self._limits.address_connections and not self._make_room(same):
            return False
        if len(self._all) >= self._limits.connections and not self._make_room(self._all):
            return False
        self._all.add(client)
        if client.key:
            self._by_key.setdefault(client.key, set()).add(client)
        return True

    def leave(self, client: Client) -> None:
        self._all.discard(client)
        same = self._by_key.get(client.key)
        if same is not None:
            same.discard(client)
            if not same:
                del self._by_key[client.key]

    def _make_room(self, among: set[Client]) -> bool:
        victim = slowest(among, self._limits.give_way_s)
        if victim is None:
            return False
        victim.give_way()
        # It no longer counts, although its task closes it later.
        self.leave(victim)
        return True


def slowest(clients: Iterable[Client], least_s: float) -> Client | None:
    """The client that gives way: the one that has been between two requests for longest, or else
    the one that has been too slow for longest, if that is more than ``least_s`` seconds."""
    best, best_claim = None, (False, least_s)
    for client in clients:
        too_slow_s = client.too_slow_s()
        if too_slow_s is None or client.gives_way:
            continue
        claim = (client.is_between_requests, too_slow_s)
        if claim > best_claim:
            best, best_claim = client, claim
    return best
