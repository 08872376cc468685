"""What stands between requests and models: bounded concurrency, a cache of prepared frames, the registry of models."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

from services.inference.domain.port import Embedding, Segmenter
from shared.canary import Canary
from shared.errors import NotFound, Unavailable

Result = TypeVar("Result")

DECODE_SECONDS = Histogram(
    "bramble_inference_decode_seconds",
    "From a prompt to its mask, by model and version.",
    ["model", "version"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5),
)
SHED = Counter("bramble_inference_shed_total", "Prompts answered 503 because too many were waiting.")
CACHE_BYTES = Gauge("bramble_inference_cache_bytes", "Bytes of prepared frames held in memory.")


class Gate:
    """At most `running` at a time and `waiting` behind them, each for at most `patience_s`; the others are sent away.

    Models run in as many threads of the gate's own: the allocator keeps what a thread has freed for that thread, some 10 MB of a
    network's activations each, and the forty threads that requests are served by would keep forty times that."""

    def __init__(self, running: int = 2, waiting: int = 16, patience_s: float = 2.0) -> None:
        self._threads = ThreadPoolExecutor(running, thread_name_prefix="inference-model")
        self._free = threading.Semaphore(running)
        self._places = threading.Semaphore(running + waiting)
        self._patience_s = patience_s

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Raises Unavailable (503, Retry-After) when the queue is full or the wait too long."""
        if not self._places.acquire(blocking=False):
            SHED.inc()
            raise Unavailable(
                "Too many people ask for help at once; go on drawing and try again soon.", retry_after=1
            )
        try:
            if not self._free.acquire(timeout=self._patience_s):
                SHED.inc()
                raise Unavailable("The segmenter is busy; go on drawing and try again soon.", retry_after=2)
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._places.release()

    def run(self, work: Callable[[], Result]) -> Result:
        """What `work` answers, from a thread of the gate. Raises what `work` raises, and as `enter` does."""
        with self.enter():
            return self._threads.submit(copy_context().run, work).result()


class EmbeddingCache:
    """Least recently used embeddings, bounded by bytes. Two askers of one key compute it once."""

    def __init__(self, limit_bytes: int = 96 << 20) -> None:
        self._limit, self._used = limit_bytes, 0
        self._held: OrderedDict[tuple[str, str, str], tuple[Embedding, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[tuple[str, str, str], threading.Lock] = {}

    def get(self, key: tuple[str, str, str], make: Callable[[], Embedding]) -> Embedding:
        """`key`: model, version, image."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0]
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._held:
                    return self._held[key][0]
            try:
                made = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            size = sum(a.nbytes for a in made.arrays.values())
            size += sum(getattr(a, "nbytes", 0) for a in made.local.values())
            with self._lock:
                self._held[key] = (made, size)
                self._used += size
                while self._used > self._limit and len(self._held) > 1:
                    _, (_, freed) = self._held.popitem(last=False)
                    self._used -= freed
                CACHE_BYTES.set(self._used)
            return made


class Models:
    """The models at hand, by name. `tried` stands in for the model of its name with the people whom the canary takes."""

    def __init__(
        self, models: list[Segmenter], tried: Segmenter | None = None, canary: Canary | None = None
    ) -> None:
        self._models = {m.info.name: m for m in models}
        self._tried, self._canary = tried, canary or Canary()
        self.default = next((m for m in models if m.info.default), models[0])

    def __iter__(self) -> Iterator[Segmenter]:
        return iter(self._models.values())

    def of(self, person: str) -> list[Segmenter]:
        """The models that a person works with, one a name."""
        return [self._for(model, person) for model in self]

    def pick(self, name: str | None, person: str = "") -> Segmenter:
        """The model of that name, or the default, in the person's version. Raises NotFound."""
        if not name:
            return self._for(self.default, person)
        if name not in self._models:
            raise NotFound(
                f"There is no model {name[:64]!r}; the models are {', '.join(sorted(self._models))}."
            )
        return self._for(self._models[name], person)

    def exact(self, name: str, version: str) -> Segmenter | None:
        """The model of that name and version, whoever works with it; None where there is none."""
        found = [self._models.get(name), self._tried]
        return next((m for m in found if m and (m.info.name, m.info.version) == (name, version)), None)

    def _for(self, model: Segmenter, person: str) -> Segmenter:
        tried = self._tried
        if tried is not None and tried.info.name == model.info.name and self._canary.takes(person):
            return tried
        return model
