"""Assigns gunicorn's threads to requests: round robin over addresses, with a limit for each."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from stemsite.gateway.client import Client
from stemsite.gateway.connections import slowest
from stemsite.gateway.limits import Limits

LOOK_S = 0.5
"""The interval at which a waiting request looks for a slow client that can give way."""


class NoThread(Exception):
    """No thread became free in time."""


@dataclass(eq=False)
class ThreadTurn:
    """A request that has a thread or waits for one. ``has_body``: the rest of its body has not
    arrived, so that the thread waits for the client."""

    client: Client
    key: str
    has_body: bool
    ready: "asyncio.Future[None]"
    is_over: bool = False


class Threads:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._busy: set[ThreadTurn] = set()
        self._per_key: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[ThreadTurn]] = OrderedDict()

    @asynccontextmanager
    async def hold(self, client: Client, key: str, *, has_body: bool) -> AsyncIterator[ThreadTurn]:
        """Hold a thread until ``release`` or the end of the block. Raises ``NoThread``."""
        turn = ThreadTurn(client, key, has_body, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            self._assign()
            await self._wait_for(turn)
            yield turn
        finally:
            self.release(turn)

    def release(self, turn: ThreadTurn) -> None:
        """Free the thread of ``turn``; a second call does nothing."""
        if turn.is_over:
            return
        turn.is_over = True
        if turn in self._busy:
            self._busy.discard(turn)
            self._per_key[turn.key] -= 1
            if not self._per_key[turn.key]:
                del self._per_key[turn.key]
        else:
            self._forget(turn)
        self._assign()

    def body_is_here(self, turn: ThreadTurn) -> None:
        """The whole body has arrived: the thread no longer waits for the client."""
        turn.has_body = False
        self._assign()

    async def _wait_for(self, turn: ThreadTurn) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.queue_s
        while not turn.ready.done():
            left_s = until - loop.time()
            if left_s <= 0:
                raise NoThread
            self._make_room(turn)
            await asyncio.wait([turn.ready], timeout=min(LOOK_S, left_s))

    def _make_room(self, turn: ThreadTurn) -> None:
        """Let a slow client give up its thread: at most one for each waiting request."""
        if sum(held.client.gives_way for held in self._busy) >= sum(1 for _ in self._queued()):
            return
        holders: Iterator[ThreadTurn] = iter(self._busy)
        if self._per_key[turn.key] >= self._limits.address_threads:
            holders = (held for held in self._busy if held.key == turn.key)
        victim = slowest((held.client for held in holders), self._limits.give_way_s)
        if victim is not None:
            victim.give_way()

    def _queued(self) -> Iterator[ThreadTurn]:
        return (turn for turns in self._waiting.values() for turn in turns)

    def _assign(self) -> None:
        while len(self._busy) < self._limits.threads:
            turn = self._next()
            if turn is None:
                return
            self._forget(turn)
            self._busy.add(turn)
            self._per_key[turn.key] += 1
            turn.ready.set_result(None)

    def _next(self) -> ThreadTurn | None:
        bodies = sum(turn.has_body for turn in self._busy)
        for key, turns in self._waiting.items():
            if key and self._per_key[key] >= self._limits.address_threads:
                continue
            for turn in turns:
                if not turn.has_body or bodies < self._limits.body_threads:
                    self._waiting.move_to_end(key)
                    return turn
        return None

    def _forget(self, turn: ThreadTurn) -> None:
        turns = self._waiting.get(turn.key)
        if turns is not None and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[turn.key]
