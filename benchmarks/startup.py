"""Start-up and idle memory of `bramble up`.

    python benchmarks/startup.py

Floors: landing page within 8 s from an empty folder (migrations included), within 3 s on an existing one; idle under 350 MB.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from common import bramble_up, calibrate, figure


def main() -> None:
    calib = round(calibrate(), 2)
    with tempfile.TemporaryDirectory(prefix="bramble-bench-") as name:
        folder = Path(name)
        with bramble_up(folder) as cold:
            figure("startup_empty_folder", cold.seconds_to_page, "s", floor=8, calib_ms=calib)
        warm_times = []
        for _ in range(3):
            with bramble_up(folder) as warm:
                warm_times.append(warm.seconds_to_page)
                if len(warm_times) == 3:
                    time.sleep(10)
                    cpu = warm.cpu()
                    time.sleep(10)
                    figure("idle_memory", warm.memory_mb(), "MB", floor=350, calib_ms=calib)
                    figure("idle_cpu", (warm.cpu() - cpu) / 10 * 100, "% of a core", calib_ms=calib)
        figure("startup_existing_folder", sorted(warm_times)[1], "s", floor=3, n=3, calib_ms=calib)


if __name__ == "__main__":
    main()
