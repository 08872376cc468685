"""`python -m tests.chaos`: fault runs, one JSON line a run and one for all. `make chaos` calls it.

Each run goes through every fault once, in an order that its seed decides.
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np

from tests.chaos.faults import FAULTS
from tests.chaos.run import Chaos
from tests.servers import ServerError


def main() -> int:
    """The command line; 1 where a run was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next has the next")
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds that a volunteer draws, on average")
    parser.add_argument("--faults", nargs="*", default=list(FAULTS), help="of: " + ", ".join(FAULTS))
    parser.add_argument(
        "--share", type=float, help="of the time for estimating raters; default: the services'"
    )
    options = parser.parse_args()
    chaos, reports = Chaos(options.share, small_disk="fill minio" in options.faults), []
    try:
        chaos.start()
        for seed in range(options.seed, options.seed + options.runs):
            order = [str(f) for f in np.random.default_rng(seed).permutation(options.faults)]
            reports.append(
                chaos.run(seed, submissions=options.submissions, faults=order, pause_s=options.pause)
            )
            print(json.dumps(reports[-1].line()), flush=True)
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        chaos.stop()
    times = sorted(r.seconds for report in reports for r in report.recoveries) or [0.0]
    bad = sum(bool(report.wrong) for report in reports)
    total = {
        "runs": len(reports),
        "runs_wrong": bad,
        "acknowledged": sum(r.acknowledged for r in reports),
        "faults": len(times),
        "recovery_p50_s": round(times[len(times) // 2], 2),
        "recovery_max_s": round(times[-1], 2),
    }
    print(json.dumps(total), flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
