"""All connections, and which of them gives way when there are too many."""

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
        """Whether there is room for it, or another connection gave way to it: of the same address
        when that has its share, of any address when all room is taken."""
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
        # It no longer counts, though its task has yet to close it.
        self.leave(victim)
        return True


def slowest(clients: Iterable[Client], patience_s: float) -> Client | None:
    """The one to give way: the longest of those between two requests, or else the longest of those
    that have been too slow for ``patience_s``."""
    best, best_claim = None, (False, patience_s)
    for client in clients:
        owed_s = client.owed_s()
        if owed_s is None or client.gives_way:
            continue
        claim = (client.is_between_requests, owed_s)
        if claim > best_claim:
            best, best_claim = client, claim
    return best
