"""The fault suite's short form: a few faults of each kind while volunteers submit. `make chaos` is the long one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.chaos.run import Chaos
from tests.servers import ServerError
from tests.servers.plugin import skip_real

pytestmark = [pytest.mark.real, pytest.mark.slow]
FAULTS = ("die consensus after-effect", "kill postgres", "rotate keys", "kill kafka", "poison")
SUBMISSIONS = 200


@pytest.fixture(scope="module")
def chaos() -> Iterator[Chaos]:
    if skip_real():
        pytest.skip("BRAMBLE_SKIP_REAL is set")
    made = Chaos()
    try:
        made.start()
        yield made
    except ServerError as error:
        pytest.fail(str(error), pytrace=False)
    finally:
        made.stop()


def test_nothing_is_lost_or_doubled_when_parts_die(chaos: Chaos) -> None:
    report = chaos.run(1, submissions=SUBMISSIONS, faults=FAULTS, pause_s=2.0)
    print(json.dumps(report.line()))
    assert report.wrong == []
    assert report.acknowledged >= SUBMISSIONS
    assert len(report.recoveries) == len(FAULTS)
    assert sum(report.retries.values()) > 0, "no volunteer felt anything, so nothing was tested"
