"""Live progress: from the bus's thread to the open event streams. A slow reader loses events, never memory of the server."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field

from shared.errors import TooManyRequests

QUEUE = 256
STREAMS_PER_ACCOUNT = 8
STREAMS = 2000


@dataclass(eq=False)
class Subscription:
    """One open stream. `projects` None: all. Made and read on the event loop; filled from any thread through `loop`."""

    account_id: str
    projects: frozenset[str] | None
    loop: asyncio.AbstractEventLoop
    queue: deque[bytes] = field(default_factory=lambda: deque(maxlen=QUEUE))
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    lost: int = 0

    def wants(self, project_id: str) -> bool:
        return self.projects is None or project_id in self.projects

    def offer(self, data: bytes) -> None:
        """Append; over the bound the oldest goes and is counted."""
        if len(self.queue) == QUEUE:
            self.lost += 1
        self.queue.append(data)
        self.ready.set()

    async def next(self, timeout_s: float) -> tuple[list[bytes], int]:
        """What came since the last call, and how many were lost; ([], 0) when nothing came in time."""
        if not self.queue:
            self.ready.clear()
            try:
                await asyncio.wait_for(self.ready.wait(), timeout_s)
            except TimeoutError:
                return [], 0
        items, lost = list(self.queue), self.lost
        self.queue.clear()
        self.lost = 0
        return items, lost


class Hub:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._lock = threading.Lock()

    @property
    def listening(self) -> bool:
        """Whether anybody listens; if not, events needn't even be decoded."""
        return bool(self._subscriptions)

    def subscribe(self, account_id: str, projects: frozenset[str] | None) -> Subscription:
        """Open a stream for the running event loop. Raises TooManyRequests over the bounds."""
        with self._lock:
            mine = sum(s.account_id == account_id for s in self._subscriptions)
            if mine >= STREAMS_PER_ACCOUNT or len(self._subscriptions) >= STREAMS:
                raise TooManyRequests("Too many open event streams; close one.", retry_after=15)
            subscription = Subscription(account_id, projects, asyncio.get_running_loop())
            self._subscriptions.add(subscription)
            return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close a stream; twice is harmless."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def publish(self, project_id: str, data: bytes) -> None:
        """Hand `data` (a finished SSE frame) to every stream of the project. From any thread."""
        with self._lock:
            targets = [s for s in self._subscriptions if s.wants(project_id)]
        for target in targets:
            try:
                target.loop.call_soon_threadsafe(target.offer, data)
            except RuntimeError:  # its loop has ended
                self.unsubscribe(target)
