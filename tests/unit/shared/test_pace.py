"""Background work steps back while requests are many, keeps its share all the same, and never sleeps through a stop."""

import threading

from shared.pace import ASIDE, HERE, LONGEST_S, REQUESTS, SHARE, Pace


class Halt(threading.Event):
    """Waiting moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.on_wait = 100.0, lambda: None

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        self.on_wait()
        return self.is_set()


def crowded(halt: Halt) -> Pace:
    pace = Pace(lambda: halt.now)
    halt.on_wait = lambda: [pace.note() for _ in range(REQUESTS)]
    halt.on_wait()
    return pace


def test_nobody_waits_where_requests_are_few():
    halt = Halt()
    pace = Pace(lambda: halt.now)
    for _ in range(3 * REQUESTS):
        halt.now += 0.05
        pace.note()
    assert not pace.busy()
    before = halt.now
    pace.step_back(halt, 10.0)
    assert halt.now == before


def test_under_steady_load_work_keeps_its_share():
    halt = Halt()
    pace = crowded(halt)
    assert pace.busy()
    pace.step_back(halt, 0.02)
    assert 0.02 * (1 / SHARE - 1) <= halt.now - 100.0 < 0.02 / SHARE + 0.05


def test_no_pause_is_longer_than_the_longest():
    halt = Halt()
    crowded(halt).step_back(halt, 60.0)
    assert halt.now - 100.0 < LONGEST_S + 0.05


def test_it_goes_on_when_the_crowd_is_gone():
    halt = Halt()
    pace = crowded(halt)
    halt.on_wait = lambda: None
    pace.step_back(halt, 60.0)
    assert halt.now - 100.0 < 0.2


def test_a_stop_ends_the_pause():
    halt = Halt()
    pace = crowded(halt)
    halt.set()
    pace.step_back(halt, 60.0)
    assert halt.now - 100.0 < 0.05


def test_heavy_work_steps_aside_for_a_few_people_and_not_for_probes():
    halt = Halt()
    pace = Pace(lambda: halt.now)
    pace.note()
    pace.note()  # two probes at the same time
    pace.step_aside(halt, 0.2)
    assert halt.now == 100.0
    pace.note()
    halt.on_wait = lambda: [pace.note() for _ in range(HERE)]
    assert not pace.busy()
    pace.step_aside(halt, 0.2)
    assert 0.2 * (1 / ASIDE - 1) <= halt.now - 100.0 < 0.2 / ASIDE


def test_heavy_work_goes_on_a_second_after_the_last_request():
    halt = Halt()
    pace = Pace(lambda: halt.now)
    for _ in range(HERE):
        pace.note()
    pace.step_aside(halt, 60.0)
    assert 1.0 <= halt.now - 100.0 < 1.1
