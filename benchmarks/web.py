"""The web client's figures: size of the volunteer's shell, and the canvas in headless Chromium against a platform of its own.

python benchmarks/web.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from common import bramble_up

from services.cli.client import Client
from services.cli.demo.data import load
from services.cli.demo.platform import LAB, make_accounts
from services.cli.demo.seed import seed

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    size = subprocess.run(
        ["npm", "run", "--silent", "size"], cwd=ROOT / "services/web", check=False
    ).returncode
    with bramble_up() as platform:
        make_accounts(str(platform.folder))
        with Client(platform.url) as lab:
            lab.login(*LAB)
            seed(lab, load(slabs=2, per_slab=4))
        env = {**os.environ, "BRAMBLE_URL": platform.url}
        done = [
            subprocess.run(["node", f"tests/e2e/web/{name}.mjs"], cwd=ROOT, env=env, check=False).returncode
            for name in ("bench-load", "bench-audit", "bench", "bench-tools", "bench-next", "bench-decoder")
        ]
        return size or max(done)


if __name__ == "__main__":
    sys.exit(main())
