"""What can befall a platform. Each fault happens, lasts for a moment that the seed decides, and is mended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from shared.bus import create_bus
from shared.contracts.bramble.annotations.v1.events_pb2 import AnnotationSubmitted
from shared.db.outbox import topic_of
from shared.settings import SERVICES
from tests.chaos.once import POISON
from tests.chaos.proxy import Proxy
from tests.servers import Server, ServerError
from tools.run_distributed import Distributed

SERVERS = ("kafka", "postgres", "minio")
# Services that others ask: the link to one of them is what is cut between two services.
ASKED = ("annotations",)
LINKS = (*SERVERS, *ASKED)
# Of these a service notices by its own timeouts that nobody answers. That PostgreSQL is gone the kernel must notice, and a proxy of this
# process goes on acknowledging what it swallows: tests/contract/test_db.py looks at what the kernel was told instead.
HEARD = ("kafka", "minio", *ASKED)
FAULTS = (
    *(f"kill {name}" for name in (*SERVERS, *SERVICES)),
    "die consensus after-effect",
    "die annotations after-publish",
    *(f"{how} {link}" for how in ("cut", "delay") for link in LINKS),
    *(f"vanish {link}" for link in HEARD),
    *(f"freeze {name}" for name in SERVERS),
    "poison",
    "slow consensus",
    "fill minio",
    "clock +3600",
    "clock -3600",
    "roll all",
    "rotate keys",
)
# These strike what volunteers cause: without any they can't.
NEED_VOLUNTEERS = ("die", "vanish")
PATIENCE_S = 90.0
_SIGNS_S = 6.0  # until a new key signs, and is looked at
_STEPPED_S = 8.0  # longer than a sweep of leases, so that a step forward lets them expire


class Faults:
    """The faults of one platform; `letters` counts the poison messages that were sent."""

    def __init__(
        self,
        platform: Distributed,
        servers: Mapping[str, Server],
        proxies: Mapping[str, Proxy],
        points: Path,
    ) -> None:
        self._platform, self._servers, self._proxies, self._points = platform, servers, proxies, points
        self.letters = 0
        self._kinds: dict[str, Callable[[list[str], np.random.Generator], None]] = {
            "kill": self._kill,
            "die": self._die,
            "cut": self._cut,
            "delay": self._delay,
            "vanish": self._vanish,
            "freeze": self._freeze,
            "poison": self._poison,
            "slow": self._slow,
            "fill": self._fill,
            "clock": self._clock,
            "roll": self._roll,
            "rotate": self._rotate,
        }

    def strike(self, fault: str, rng: np.random.Generator) -> float:
        """Let it happen and mend it; answers the moment (monotonic seconds) at which the part was back. Raises ServerError where that
        can't be done, ValueError for a word that is no fault."""
        kind, *what = fault.split()
        if kind not in self._kinds:
            raise ValueError(f"{fault!r} is no fault")
        self._kinds[kind](what, rng)
        return time.monotonic()

    def _kill(self, what: list[str], rng: np.random.Generator) -> None:
        name = what[0]
        if name in self._servers:
            self._servers[name].kill()
            _last(rng)
            _start_server(self._servers[name])
        else:
            self._platform.kill_service(name)
            _last(rng)
            self._start(name)

    def _die(self, what: list[str], rng: np.random.Generator) -> None:
        name, point = what
        file = self._points / f"{name}.{point}"
        file.touch()
        try:
            self._platform.processes[name].wait(PATIENCE_S)
        except Exception:
            file.unlink(missing_ok=True)  # or it would die in the next run
            raise ServerError(f"{name} didn't come to its point {point}") from None
        self._platform.processes.pop(name)
        self._start(name)

    def _cut(self, what: list[str], rng: np.random.Generator) -> None:
        self._proxies[what[0]].cut()
        _last(rng)
        self._proxies[what[0]].mend()

    def _delay(self, what: list[str], rng: np.random.Generator) -> None:
        self._proxies[what[0]].delay_s = 0.05
        _last(rng, 2)
        self._proxies[what[0]].mend()

    def _vanish(self, what: list[str], rng: np.random.Generator) -> None:
        if not self._proxies[what[0]].vanish():
            raise ServerError(f"nothing was connected to {what[0]}, so nothing could vanish")

    def _freeze(self, what: list[str], rng: np.random.Generator) -> None:
        """A server stands still for longer than anybody waits for an answer, and then does what it was asked, also what was asked again."""
        server = self._servers[what[0]]
        server.freeze()
        try:
            time.sleep(float(rng.uniform(8.0, 14.0)))
        finally:
            server.thaw()

    def _poison(self, what: list[str], rng: np.random.Generator) -> None:
        bus = create_bus(f"kafka://{self._platform.kafka.address()}", self._points)
        producer = bus.producer()
        key = f"poison-{rng.integers(1 << 30)}"
        producer.publish(topic_of(AnnotationSubmitted), key, POISON + rng.bytes(20))
        producer.flush()
        producer.close()
        bus.close()
        self.letters += 1

    def _slow(self, what: list[str], rng: np.random.Generator) -> None:
        point = self._points / f"{what[0]}.slow"
        point.touch()
        _last(rng, 2)
        point.unlink()

    def _fill(self, what: list[str], rng: np.random.Generator) -> None:
        """The object store's disk has no byte left."""
        minio = self._platform.minio
        minio.fill()
        _last(rng, 2)
        minio.clear()

    def _clock(self, what: list[str], rng: np.random.Generator) -> None:
        """All clocks step by so many seconds, and after a while back: one fault holds a step forward and one backward."""
        point, new = self._points / "clock", self._points / "clock.new"
        new.write_text(what[0])
        new.replace(point)
        time.sleep(_STEPPED_S)
        point.unlink()

    def _roll(self, what: list[str], rng: np.random.Generator) -> None:
        """Every service is restarted in turn while events of three dialects of v1 are under way: those that wait for their restart write
        like an older release, those behind it like a later one."""
        for name in SERVICES:
            (self._points / f"{name}.older").touch()
        try:
            for name in SERVICES:
                self._platform.end_service(name)
                (self._points / f"{name}.newer").touch()
                (self._points / f"{name}.older").unlink()
                self._start(name)
        finally:
            for name in SERVICES:
                for dialect in ("older", "newer"):
                    (self._points / f"{name}.{dialect}").unlink(missing_ok=True)

    def _rotate(self, what: list[str], rng: np.random.Generator) -> None:
        """The internal secret gets a successor, which signs a moment later, and then once more, since the old one is accepted for longer
        than a run lasts: by the second writing a process that hadn't read the first would know no key that signs."""
        for _ in range(2):
            self._platform.bramble("admin", "rotate-keys", "--signs-in", "5", "--overlap", "600")
            time.sleep(_SIGNS_S)

    def _start(self, service: str) -> None:
        self._platform.start_service(service)
        self._platform.wait_ready(service)


def _last(rng: np.random.Generator, times: float = 1.0) -> None:
    time.sleep(times * float(rng.uniform(0.5, 3.0)))


def _start_server(server: Server) -> None:
    # PostgreSQL's children outlive a killed parent for a moment, and a new one refuses to start beside them.
    for attempt in range(5):
        try:
            server.start()
            return
        except ServerError:
            server.kill()
            if attempt == 4:
                raise
            time.sleep(1.0)
