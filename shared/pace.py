"""How busy this process is with requests, so that work which nobody waits for can step back.

In one process (`bramble up`) the merging of masks and the estimation of raters share an interpreter lock with the requests of people.
Where each service has a process of its own, a background thread sees only its own service's requests, and hardly ever steps back.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

#: Busy: so many requests began within so many seconds. A request through the gateway counts twice, there and in its service. Beginnings
#: are counted and not what is under way, because a progress stream stays under way for hours.
REQUESTS, WINDOW_S = 16, 0.1
#: Under steady load background work keeps this share of the time, so that it goes on; and no pause is longer than this.
SHARE, LONGEST_S = 0.1, 2.0
_LOOK_S = 0.02
#: People are here: so many requests began within so many seconds; probes and scrapes are fewer. Then work that would fill a core for
#: minutes (a model on each image of a project) keeps only this share of one.
HERE, HERE_S, ASIDE = 3, 1.0, 0.25


class Pace:
    """Thread-safe; one a process (`PACE`)."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._began: deque[float] = deque(maxlen=REQUESTS)

    def note(self) -> None:
        """A request began."""
        self._began.append(self._monotonic())

    def busy(self) -> bool:
        """Whether many requests came just now."""
        began = self._began
        return len(began) == REQUESTS and self._monotonic() - began[0] < WINDOW_S

    def people(self) -> bool:
        """Whether some requests came in the last second, few as they may be."""
        began = self._began
        return len(began) >= HERE and self._monotonic() - began[-HERE] < HERE_S

    def step_aside(self, halt: threading.Event, worked_s: float) -> None:
        """As `step_back`, for a thread that would fill a core by itself: it waits while people are here at all. Where each service is a
        process of its own it is the machine that they share and not the interpreter, and priorities end at a container's wall."""
        self._wait(halt, worked_s, ASIDE, self.people)

    def step_back(self, halt: threading.Event, worked_s: float) -> None:
        """Called by a background thread between pieces of work, the last of which took `worked_s` seconds: wait while requests are
        many, until the thread had no more than its share, or `halt` is set."""
        self._wait(halt, worked_s, SHARE, self.busy)

    def _wait(
        self, halt: threading.Event, worked_s: float, share: float, crowded: Callable[[], bool]
    ) -> None:
        until = self._monotonic() + min(LONGEST_S, worked_s * (1 / share - 1))
        while crowded() and self._monotonic() < until:
            if halt.wait(_LOOK_S):
                return


PACE = Pace()
